using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>Falcon: a plain feed-forward network beside attention, one matrix for queries, keys and values, few key heads.</summary>
internal static class Falcon
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var (config, hidden) = (model.Config, model.Config.HiddenSize);
        config.Require("alibi", "false");
        config.Require("apply_residual_connection_post_layernorm", "false");

        // Each of the two architectures carries the fields of the other.
        config.Ignore("num_kv_heads", "n_head_kv", "multi_query", "parallel_attn");
        var isNew = config.Boolean("new_decoder_architecture", false);
        var isParallel = isNew || config.Boolean("parallel_attn", true);
        var hasTwoNorms = isNew && config.Whole("num_ln_in_parallel_attn", 2) == 2;
        var rotary = model.Rotary(hidden / config.HeadCount);
        var activation = model.Activation("activation", "gelu");
        var frame = new DecoderFrame
        {
            EmbeddingPath = "transformer.word_embeddings",
            FinalNorm = Norm("transformer.ln_f"),
            TiesByDefault = true,
        };
        return model.Decoder(frame, layer =>
        {
            var path = $"transformer.h.{layer}";
            var norm = Norm(hasTwoNorms ? $"{path}.ln_attn" : $"{path}.input_layernorm");
            var mlpNorm = hasTwoNorms ? Norm($"{path}.ln_mlp") : isParallel ? norm : Norm($"{path}.post_attention_layernorm");
            var mlp = model.Mlp(
                $"{path}.mlp.dense_h_to_4h", $"{path}.mlp.dense_4h_to_h", config.Whole("ffn_hidden_size", 4 * hidden), HasBias(config), activation);
            return new DecoderLayer(
            [
                new ResidualBranch(norm, Attention(model, $"{path}.self_attention", isNew, rotary)),
                new ResidualBranch(mlpNorm, mlp) { IsParallel = isParallel },
            ]);
        });

        LayerNorm Norm(string path) => model.LayerNorm(path, hidden);
    }

    private static Attention Attention(ModelBuilder model, string path, bool isNew, RotaryEmbedding rotary)
    {
        var (config, hidden) = (model.Config, model.Config.HiddenSize);
        var headDim = hidden / config.HeadCount;
        var kvHeads = isNew ? config.WholeOf("num_kv_heads", "n_head_kv") : config.Boolean("multi_query", true) ? 1 : config.HeadCount;
        return model.Attention(new AttentionParts
        {
            Projection = new FusedProjection(
                model.Linear($"{path}.query_key_value", hidden, hidden + (2 * kvHeads * headDim), HasBias(config)),
                groups: kvHeads,
                hidden,
                kvHeads * headDim),
            Output = model.Linear($"{path}.dense", hidden, hidden, HasBias(config)),
            HeadDim = headDim,
            Rotary = rotary,
        });
    }

    private static bool HasBias(ModelConfig config) => config.Boolean("bias", false);
}
