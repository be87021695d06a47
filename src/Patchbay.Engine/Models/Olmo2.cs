using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>OLMo 2: Llama with norms behind its branches instead of before them, and norms of all queries and all keys.</summary>
internal static class Olmo2
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var rotary = model.Rotary(model.Config.HeadDim, new RotaryOptions { Theta = 500_000 });
        return Build(model, (_, path) => Attention(model, path, rotary));
    }

    /// <summary>Any model with these branches, whatever its attention.</summary>
    public static DecoderModel Build(ModelBuilder model, Func<int, string, AttentionParts> attention)
    {
        var hidden = model.Config.HiddenSize;
        return model.Decoder(new DecoderFrame { FinalNorm = model.RmsNorm("model.norm", hidden) }, layer =>
        {
            var path = $"model.layers.{layer}";
            return new DecoderLayer(
            [
                new ResidualBranch(null, model.Attention(attention(layer, $"{path}.self_attn")))
                {
                    OutputNorm = model.RmsNorm($"{path}.post_attention_layernorm", hidden),
                },
                new ResidualBranch(null, model.GatedMlp($"{path}.mlp"))
                {
                    OutputNorm = model.RmsNorm($"{path}.post_feedforward_layernorm", hidden),
                },
            ]);
        });
    }

    public static AttentionParts Attention(ModelBuilder model, string path, RotaryEmbedding rotary)
    {
        var (config, headDim) = (model.Config, model.Config.HeadDim);
        var bias = config.Boolean("attention_bias", false);
        return Llama.Attention(model, path, rotary, new LlamaDifferences { QueryKeyValueBias = bias, OutputBias = bias }) with
        {
            QueryNorm = model.RmsNorm($"{path}.q_norm", config.HeadCount * headDim),
            KeyNorm = model.RmsNorm($"{path}.k_norm", config.KvHeadCount * headDim),
        };
    }
}
