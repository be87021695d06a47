using Patchbay.Engine.Layers;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Models;

/// <summary>Falcon-H1 (arXiv:2507.22448): Mamba 2 and attention side by side in every layer, with factors everywhere.</summary>
internal static class FalconH1
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        var hidden = config.HiddenSize;
        var rotary = model.Rotary(config.HeadDim);
        var mlpFactors = config.RealNumbers("mlp_multipliers");
        var frame = new DecoderFrame
        {
            FinalNorm = model.RmsNorm("model.final_layernorm", hidden),
            EmbeddingScale = Factor(config, "embedding_multiplier"),
            LogitScale = Factor(config, "lm_head_multiplier"),
        };
        var activation = new ScaledActivation(mlpFactors.Count == 2 ? (float)mlpFactors[0] : 1, model.Activation());
        return model.Decoder(frame, layer =>
        {
            var path = $"model.layers.{layer}";
            var norm = model.RmsNorm($"{path}.input_layernorm", hidden);
            return new DecoderLayer(
            [
                new ResidualBranch(norm, Mixer(model, $"{path}.mamba")) { Scale = Factor(config, "ssm_out_multiplier") },
                new ResidualBranch(norm, Attention(model, $"{path}.self_attn", rotary))
                {
                    Scale = Factor(config, "attention_in_multiplier") * Factor(config, "attention_out_multiplier"),
                    IsParallel = true,
                },
                new ResidualBranch(
                    model.RmsNorm($"{path}.pre_ff_layernorm", hidden),
                    model.GatedMlp($"{path}.feed_forward", config.IntermediateSize, config.Boolean("mlp_bias", false), activation))
                {
                    Scale = mlpFactors.Count == 2 ? (float)mlpFactors[1] : 1,
                },
            ]);
        });
    }

    private static float Factor(ModelConfig config, string name) => (float)config.Number(name, 1);

    private static Attention Attention(ModelBuilder model, string path, RotaryEmbedding rotary)
    {
        var config = model.Config;
        var (input, bias) = (config.Number("attention_in_multiplier", 1), config.Boolean("attention_bias", false));
        if (bias && input != 1)
        {
            throw config.Refuse("attention_bias", "false with an attention_in_multiplier");
        }

        var parts = Llama.Attention(model, path, rotary, new LlamaDifferences { QueryKeyValueBias = bias, OutputBias = bias });

        // A factor of what queries and keys are projected from is in the scores twice, one of the keys once; values carry it to the output.
        return model.Attention(parts with { Scale = (float)(input * input * config.Number("key_multiplier", 1) / Math.Sqrt(config.HeadDim)) });
    }

    private static Mamba2Mixer Mixer(ModelBuilder model, string path)
    {
        var config = model.Config;
        config.Require("mamba_proj_bias", "false");
        var channels = config.Whole("mamba_d_ssm", config.Whole("mamba_expand", 2) * config.HiddenSize);
        return RecurrentLayers.Mamba2(model, path, channels, parts => parts with
        {
            InputFactors = InputFactors(model, channels, parts.Groups * parts.StateDim, parts.Heads),
            Norm = config.Boolean("mamba_rms_norm", false)
                ? RecurrentLayers.GroupNorm(model, $"{path}.norm", channels, parts.Groups)
                : null,
            IsGatedFirst = !config.Boolean("mamba_norm_before_gate", true),
        });
    }

    /// <summary>
    /// Factors of gates, channels, B, C and step sizes. The factor of what they are projected from is part of them: without a
    /// bias it comes to the same.
    /// </summary>
    private static NativeBuffer InputFactors(ModelBuilder model, int channels, int shared, int heads)
    {
        var input = model.Config.Number("ssm_in_multiplier", 1);
        var factors = model.Config.RealNumbers("ssm_multipliers");
        if (factors.Count is not (0 or 5))
        {
            throw model.Config.Refuse("ssm_multipliers", "5 numbers");
        }

        int[] widths = [channels, channels, shared, shared, heads];
        return model.Tensors.Computed(
            [.. widths.SelectMany((width, i) => Enumerable.Repeat((float)(input * (factors.Count == 0 ? 1 : factors[i])), width))]);
    }
}
