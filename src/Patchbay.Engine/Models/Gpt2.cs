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
        var inner = config.Whole("n_inner", 4 * hidden);
        var activation = model.Activation("activation_function", "gelu_new");
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
            var attention = model.Attention(new AttentionParts
            {
                Projection = new FusedProjection(
                    model.TransposedLinear($"{path}.attn.c_attn", hidden, 3 * hidden, hasBias: true), groups: 1, hidden, hidden),
                Output = model.TransposedLinear($"{path}.attn.c_proj", hidden, hidden, hasBias: true),
                HeadDim = hidden / config.HeadCount,
            });
            var mlp = new Mlp(
                model.TransposedLinear($"{path}.mlp.c_fc", hidden, inner, hasBias: true),
                model.TransposedLinear($"{path}.mlp.c_proj", inner, hidden, hasBias: true),
                activation);
            return new DecoderLayer(
            [
                new ResidualBranch(model.LayerNorm($"{path}.ln_1", hidden), attention),
                new ResidualBranch(model.LayerNorm($"{path}.ln_2", hidden), mlp),
            ]);
        });
    }
}
