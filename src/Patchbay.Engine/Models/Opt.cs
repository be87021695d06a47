using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>OPT: learned positions that begin at row 2, LayerNorm before each branch, biases everywhere.</summary>
internal static class Opt
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var (config, hidden) = (model.Config, model.Config.HiddenSize);
        config.Require("do_layer_norm_before", "true");
        config.Require("_remove_final_layer_norm", "false");
        config.Require("layer_norm_elementwise_affine", "true");
        config.Require("word_embed_proj_dim", $"{hidden}");
        var bias = config.Boolean("enable_bias", true);
        var activation = model.Activation("activation_function", "relu");
        var frame = new DecoderFrame
        {
            EmbeddingPath = "model.decoder.embed_tokens",
            PositionPath = "model.decoder.embed_positions",
            FirstPosition = 2,
            FinalNorm = model.LayerNorm("model.decoder.final_layer_norm", hidden),
            TiesByDefault = true,
        };
        return model.Decoder(frame, layer =>
        {
            var path = $"model.decoder.layers.{layer}";
            var attention = model.Attention(new AttentionParts
            {
                Projection = model.Projections($"{path}.self_attn", hidden / config.HeadCount, bias),
                Output = model.Linear($"{path}.self_attn.out_proj", hidden, hidden, bias),
                HeadDim = hidden / config.HeadCount,
            });
            var mlp = model.Mlp($"{path}.fc1", $"{path}.fc2", config.Whole("ffn_dim"), bias, activation);
            return new DecoderLayer(
            [
                new ResidualBranch(model.LayerNorm($"{path}.self_attn_layer_norm", hidden), attention),
                new ResidualBranch(model.LayerNorm($"{path}.final_layer_norm", hidden), mlp),
            ]);
        });
    }
}
