using Patchbay.Engine.Layers;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Models;

/// <summary>Binds what recurrent layers of several families have in common.</summary>
internal static class RecurrentLayers
{
    /// <summary>A convolution stored as <c>path.weight</c> of shape (channels, 1, taps) and, if asked for, <c>path.bias</c>.</summary>
    public static CausalConvolution Convolution(ModelBuilder model, string path, int channels, int taps, bool hasBias, bool hasSilu) => new(
        model.Tensors.Computed(Transposed(model.Tensors.Vector($"{path}.weight", [channels, 1, taps]), channels, taps)),
        hasBias ? model.Tensors.Vector($"{path}.bias", [channels]) : null,
        taps,
        hasSilu);

    /// <summary>A = -e^a of state-space models, stored as <c>path.A_log</c> with one value per head.</summary>
    public static NativeBuffer Decay(ModelBuilder model, string path, int heads) =>
        model.Tensors.Computed(Negative(model.Tensors.Vector($"{path}.A_log", [heads])));

    /// <summary>The same with one value per channel and state, stored (channels, states) and kept (states, channels).</summary>
    public static NativeBuffer Decay(ModelBuilder model, string path, int channels, int states)
    {
        var decay = model.Tensors.Computed(Negative(model.Tensors.Vector($"{path}.A_log", [channels, states])));
        return model.Tensors.Computed(Transposed(decay, channels, states));
    }

    /// <summary>A Mamba 2 layer with the names that Bamba and Falcon-H1 share.</summary>
    /// <param name="model">The builder.</param>
    /// <param name="path">Its path.</param>
    /// <param name="channels">Inner values.</param>
    /// <param name="change">What the family does differently.</param>
    public static Mamba2Mixer Mamba2(ModelBuilder model, string path, int channels, Func<Mamba2Parts, Mamba2Parts> change)
    {
        var config = model.Config;
        config.Require("hidden_act", "silu");
        var heads = config.Whole("mamba_n_heads");
        var headDim = config.Whole("mamba_d_head");
        if (heads * headDim != channels)
        {
            throw config.Refuse("mamba_d_head", $"{channels} inner values divided by {heads} heads");
        }

        var (groups, stateDim) = (config.Whole("mamba_n_groups", 1), config.Whole("mamba_d_state"));
        var mixed = channels + (2 * groups * stateDim);
        var limits = config.RealNumbers("time_step_limit");
        var parts = change(new Mamba2Parts
        {
            Input = model.Linear($"{path}.in_proj", config.HiddenSize, channels + mixed + heads, config.Boolean("mamba_proj_bias", false)),
            Convolution = Convolution(
                model, $"{path}.conv1d", mixed, config.Whole("mamba_d_conv"), config.Boolean("mamba_conv_bias", true), hasSilu: true),
            Heads = heads,
            HeadDim = headDim,
            Groups = groups,
            StateDim = stateDim,
            StepBias = model.Tensors.Vector($"{path}.dt_bias", [heads]),
            StepLimits = limits.Count == 2 ? ((float)limits[0], (float)limits[1]) : (0, float.PositiveInfinity),
            Decay = Decay(model, path, heads),
            Skip = model.Tensors.Vector($"{path}.D", [heads]),
            Output = model.Linear(
                $"{path}.out_proj", channels, config.HiddenSize, config.Boolean("projectors_bias", config.Boolean("mamba_proj_bias", false))),
        });
        return new Mamba2Mixer(model.StateLayer(Mamba2Mixer.StateSize(parts)), parts);
    }

    /// <summary>RMSNorm of each group of channels by itself, with one weight per channel.</summary>
    public static RmsNorm GroupNorm(ModelBuilder model, string path, int channels, int groups) =>
        new(model.Tensors.Vector($"{path}.weight", [channels]), channels / groups, model.Config.RmsNormEpsilon);

    private static float[] Negative(NativeBuffer logarithms) =>
        Array.ConvertAll(logarithms.AsSpan<float>().ToArray(), value => -MathF.Exp(value));

    private static float[] Transposed(NativeBuffer matrix, int rows, int columns)
    {
        var source = matrix.AsSpan<float>();
        var result = new float[rows * columns];
        for (var i = 0; i < result.Length; i++)
        {
            result[(i % columns * rows) + (i / columns)] = source[i];
        }

        return result;
    }
}
