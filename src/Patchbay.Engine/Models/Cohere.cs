using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>Command R: attention and feed-forward network side by side behind one LayerNorm, neighbouring values turned, logits scaled.</summary>
internal static class Cohere
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var rotary = model.Rotary(model.Config.HeadDim, new RotaryOptions { TurnsNeighbours = true });
        return Build(model, (_, path) => Attention(model, path, rotary));
    }

    /// <summary>Any model with these branches, whatever its attention.</summary>
    public static DecoderModel Build(ModelBuilder model, Func<int, string, AttentionParts> attention)
    {
        var config = model.Config;
        config.Require("position_embedding_type", "rope_gptj");
        config.Require("use_embedding_sharing", "true");
        config.Require("use_gated_activation", "true");
        config.Require("use_parallel_block", "true");
        config.Ignore("use_parallel_embedding");
        var frame = new DecoderFrame
        {
            FinalNorm = model.LayerNorm("model.norm", config.HiddenSize, hasBias: false),
            TiesByDefault = true,
            LogitScale = (float)config.Number("logit_scale", 0.0625),
        };
        return model.Decoder(frame, layer =>
        {
            var path = $"model.layers.{layer}";
            var norm = model.LayerNorm($"{path}.input_layernorm", config.HiddenSize, hasBias: false);
            return new DecoderLayer(
            [
                new ResidualBranch(norm, model.Attention(attention(layer, $"{path}.self_attn"))),
                new ResidualBranch(norm, model.GatedMlp($"{path}.mlp")) { IsParallel = true },
            ]);
        });
    }

    public static AttentionParts Attention(ModelBuilder model, string path, RotaryEmbedding? rotary)
    {
        var config = model.Config;
        var bias = config.Boolean("attention_bias", false);
        var hasNorms = config.Boolean("use_qk_norm", false);
        return Llama.Attention(model, path, rotary, new LlamaDifferences { QueryKeyValueBias = bias, OutputBias = bias }) with
        {
            QueryNorm = hasNorms ? Norm("q_norm", config.HeadCount) : null,
            KeyNorm = hasNorms ? Norm("k_norm", config.KvHeadCount) : null,
        };

        // Each head has weights of its own.
        LayerNorm Norm(string name, int heads) =>
            new(model.Tensors.Vector($"{path}.{name}.weight", [heads, config.HeadDim]), null, config.HeadDim, config.LayerNormEpsilon);
    }
}
