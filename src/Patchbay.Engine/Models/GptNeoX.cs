using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>GPT-NeoX and Pythia: branches side by side, each behind its LayerNorm; queries, keys and values of each head in one matrix.</summary>
internal static class GptNeoX
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var (config, hidden, headDim) = (model.Config, model.Config.HiddenSize, model.Config.HeadDim);
        var isParallel = config.Boolean("use_parallel_residual", true);
        var bias = config.Boolean("attention_bias", true);
        var rotary = model.Rotary(headDim, new RotaryOptions { PartialFactor = 0.25 });
        var activation = model.Activation(fallback: "gelu");
        var frame = new DecoderFrame
        {
            EmbeddingPath = "gpt_neox.embed_in",
            FinalNorm = model.LayerNorm("gpt_neox.final_layer_norm", hidden),
            HeadPath = "embed_out",
        };
        return model.Decoder(frame, layer =>
        {
            var path = $"gpt_neox.layers.{layer}";
            model.Tensors.Ignore($"{path}.attention.bias");
            model.Tensors.Ignore($"{path}.attention.masked_bias");
            var attention = model.Attention(new AttentionParts
            {
                Projection = new FusedProjection(
                    model.Linear($"{path}.attention.query_key_value", hidden, 3 * hidden, bias), groups: config.HeadCount, hidden, hidden),
                Output = model.Linear($"{path}.attention.dense", hidden, hidden, bias),
                HeadDim = headDim,
                Rotary = rotary,
            });
            var mlp = model.Mlp($"{path}.mlp.dense_h_to_4h", $"{path}.mlp.dense_4h_to_h", config.IntermediateSize, hasBias: true, activation);
            return new DecoderLayer(
            [
                new ResidualBranch(model.LayerNorm($"{path}.input_layernorm", hidden), attention),
                new ResidualBranch(model.LayerNorm($"{path}.post_attention_layernorm", hidden), mlp) { IsParallel = isParallel },
            ]);
        });
    }
}
