using Patchbay.Engine.Layers;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Models;

/// <summary>BLOOM: positions by ALiBi, LayerNorm of the embedding, queries, keys and values of each head in one matrix.</summary>
internal static class Bloom
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var (config, hidden) = (model.Config, model.Config.HiddenSize);
        config.Require("apply_residual_connection_post_layernorm", "false");
        config.Ignore("offset_alibi", "skip_bias_add", "skip_bias_add_qkv");
        var activation = Activation.Find("gelu_new")!;
        var slopes = model.Tensors.Computed(Slopes(config.HeadCount));
        var frame = new DecoderFrame
        {
            EmbeddingPath = "transformer.word_embeddings",
            EmbeddingNorm = model.LayerNorm("transformer.word_embeddings_layernorm", hidden),
            FinalNorm = model.LayerNorm("transformer.ln_f", hidden),
            TiesByDefault = true,
        };
        return model.Decoder(frame, layer =>
        {
            var path = $"transformer.h.{layer}";
            var mlp = model.Mlp($"{path}.mlp.dense_h_to_4h", $"{path}.mlp.dense_4h_to_h", 4 * hidden, hasBias: true, activation);
            return new DecoderLayer(
            [
                new ResidualBranch(model.LayerNorm($"{path}.input_layernorm", hidden), Attention(model, $"{path}.self_attention", slopes)),
                new ResidualBranch(model.LayerNorm($"{path}.post_attention_layernorm", hidden), mlp),
            ]);
        });
    }

    private static Attention Attention(ModelBuilder model, string path, NativeBuffer slopes)
    {
        var (config, hidden) = (model.Config, model.Config.HiddenSize);
        return model.Attention(new AttentionParts
        {
            Projection = new FusedProjection(
                model.Linear($"{path}.query_key_value", hidden, 3 * hidden, hasBias: true), groups: config.HeadCount, hidden, hidden),
            Output = model.Linear($"{path}.dense", hidden, hidden, hasBias: true),
            HeadDim = hidden / config.HeadCount,
            Slopes = slopes,
        });
    }

    // arXiv:2108.12409 §3: a geometric series for a power of two; heads beyond it take every other value of the next series.
    private static float[] Slopes(int heads)
    {
        var whole = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)heads);
        whole = whole > heads ? whole / 2 : whole;
        return
        [
            .. Enumerable.Range(1, whole).Select(i => (float)Math.Pow(2, -8.0 * i / whole)),
            .. Enumerable.Range(0, heads - whole).Select(i => (float)Math.Pow(2, -4.0 * ((2 * i) + 1) / whole)),
        ];
    }
}
