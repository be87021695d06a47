using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>Mamba (arXiv:2312.00752): selective state-space layers and nothing else.</summary>
internal static class Mamba
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        config.Require("hidden_act", "silu");
        config.Require("rms_norm", "true");
        config.Ignore("d_model", "d_inner", "pad_vocab_size_multiple", "time_step_min", "time_step_max", "time_step_floor");
        var (hidden, epsilon) = (config.HiddenSize, config.LayerNormEpsilon);
        var frame = new DecoderFrame
        {
            EmbeddingPath = "backbone.embeddings",
            FinalNorm = model.RmsNorm("backbone.norm_f", hidden, epsilon, weightOffset: 0),
            TiesByDefault = true,
        };
        return model.Decoder(frame, layer =>
        {
            var path = $"backbone.layers.{layer}";
            return new DecoderLayer(
                [new ResidualBranch(model.RmsNorm($"{path}.norm", hidden, epsilon, weightOffset: 0), Mixer(model, $"{path}.mixer"))]);
        });
    }

    private static MambaMixer Mixer(ModelBuilder model, string path)
    {
        var config = model.Config;
        var hidden = config.HiddenSize;
        var channels = config.Whole("intermediate_size", config.Whole("expand", 2) * hidden);
        var (states, rank) = (config.Whole("state_size"), config.Whole("time_step_rank", (hidden + 15) / 16));
        var bias = config.Boolean("use_bias", false);
        var parts = new MambaParts
        {
            Input = model.Linear($"{path}.in_proj", hidden, 2 * channels, bias),
            Convolution = RecurrentLayers.Convolution(
                model, $"{path}.conv1d", channels, config.Whole("conv_kernel"), config.Boolean("use_conv_bias", true), hasSilu: true),
            Selection = model.Linear($"{path}.x_proj", channels, rank + (2 * states)),
            StepSize = model.Linear($"{path}.dt_proj", rank, channels, hasBias: true),
            Decay = RecurrentLayers.Decay(model, path, channels, states),
            Skip = model.Tensors.Vector($"{path}.D", [channels]),
            Output = model.Linear($"{path}.out_proj", channels, hidden, bias),
        };
        return new MambaMixer(model.StateLayer(MambaMixer.StateSize(parts)), parts);
    }
}
