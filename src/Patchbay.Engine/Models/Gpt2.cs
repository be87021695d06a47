using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>GPT-2: learned positions, LayerNorm, and linear layers that store their weight with inputs first.</summary>
internal static class Gpt2
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var (config, hidden) = (model.Config, model.Config.HiddenSize);
        config.Require("scale_attn_weights", "true");
        config.Require("scale_attn_by_inverse_layer_idx", "false");
        config.Require("add_cross_attention", "false");
        var frame = new DecoderFrame
        {
            EmbeddingPath = "transformer.wte",
            PositionPath = "transformer.wpe",
            FinalNorm = model.LayerNorm("transformer.ln_f", hidden),
            TiesByDefault = true,
        };
        return model.Decoder(frame, layer =>
        {
            var path = $"transformer.h.{layer}";

            // Old checkpoints store the causal mask.
            model.Tensors.Ignore($"{path}.attn.bias");
            model.Tensors.Ignore($"{path}.attn.masked_bias");
            return new DecoderLayer(
            [
                new ResidualBranch(model.LayerNorm($"{path}.ln_1", hidden), Attention(model, $"{path}.attn")),
                new ResidualBranch(model.LayerNorm($"{path}.ln_2", hidden), FeedForward(model, $"{path}.mlp")),
            ]);
        });
    }

    private static Attention Attention(ModelBuilder model, string path)
    {
        var (config, hidden) = (model.Config, model.Config.HiddenSize);
        return model.Attention(new AttentionParts
        {
            Projection = new FusedProjection(model.TransposedLinear($"{path}.c_attn", hidden, 3 * hidden, hasBias: true), groups: 1, hidden, hidden),
            Output = model.TransposedLinear($"{path}.c_proj", hidden, hidden, hasBias: true),
            HeadDim = hidden / config.HeadCount,
        });
    }

    private static Mlp FeedForward(ModelBuilder model, string path)
    {
        var (config, hidden) = (model.Config, model.Config.HiddenSize);
        var inner = config.Whole("n_inner", 4 * hidden);
        return new Mlp(
            model.TransposedLinear($"{path}.c_fc", hidden, inner, hasBias: true),
            model.TransposedLinear($"{path}.c_proj", inner, hidden, hasBias: true),
            model.Activation("activation_function", "gelu_new"));
    }
}
