using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>Bamba: Mamba 2 layers with attention in some places, a gated feed-forward network after each.</summary>
internal static class Bamba
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        var (hidden, bias) = (config.HiddenSize, config.Boolean("attention_bias", false));
        var attentionLayers = config.Numbers("attn_layer_indices") ?? [];
        var rotary = model.Rotary(config.HeadDim, new RotaryOptions { PartialFactor = 0.5 });
        var differences = new LlamaDifferences { QueryKeyValueBias = bias, OutputBias = bias };
        return model.Decoder(new DecoderFrame { FinalNorm = model.RmsNorm("model.final_layernorm", hidden) }, layer =>
        {
            var path = $"model.layers.{layer}";
            return new DecoderLayer(
            [
                new ResidualBranch(
                    model.RmsNorm($"{path}.input_layernorm", hidden),
                    attentionLayers.Contains(layer)
                        ? model.Attention(Llama.Attention(model, $"{path}.self_attn", rotary, differences))
                        : Mixer(model, $"{path}.mamba")),
                new ResidualBranch(
                    model.RmsNorm($"{path}.pre_ff_layernorm", hidden),
                    model.GatedMlp($"{path}.feed_forward", config.Boolean("mlp_bias", false))),
            ]);
        });
    }

    private static Mamba2Mixer Mixer(ModelBuilder model, string path)
    {
        var config = model.Config;
        var channels = config.Whole("mamba_expand", 2) * config.HiddenSize;
        return RecurrentLayers.Mamba2(model, path, channels, parts => parts with
        {
            Norm = RecurrentLayers.GroupNorm(model, $"{path}.norm", channels, parts.Groups),
        });
    }
}
