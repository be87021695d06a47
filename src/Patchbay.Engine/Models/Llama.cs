using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>Llama 1 to 3 and what is built alike (SmolLM2 …): pre-norm, SwiGLU, rotary positions, optional biases.</summary>
internal static class Llama
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var attentionBias = model.Config.Boolean("attention_bias", false);
        return Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = attentionBias,
            OutputBias = attentionBias,
            MlpBias = model.Config.Boolean("mlp_bias", false),
        });
    }

    /// <summary>The same with what other families do differently.</summary>
    public static DecoderModel Build(ModelBuilder model, LlamaDifferences differences)
    {
        var config = model.Config;
        var (hidden, headDim) = (config.HiddenSize, config.HeadDim);
        var frequencies = RotarySettings.Read(config, headDim);
        var rotary = new RotaryEmbedding(frequencies);
        return model.Decoder(frequencies, layer =>
        {
            var path = $"model.layers.{layer}";
            var attention = $"{path}.self_attn";
            return new DecoderLayer(
            [
                new ResidualBranch(
                    model.RmsNorm($"{path}.input_layernorm", hidden),
                    model.Attention(new AttentionParts
                    {
                        Query = model.Linear($"{attention}.q_proj", hidden, config.HeadCount * headDim, differences.QueryKeyValueBias),
                        Key = model.Linear($"{attention}.k_proj", hidden, config.KvHeadCount * headDim, differences.QueryKeyValueBias),
                        Value = model.Linear($"{attention}.v_proj", hidden, config.KvHeadCount * headDim, differences.QueryKeyValueBias),
                        Output = model.Linear($"{attention}.o_proj", config.HeadCount * headDim, hidden, differences.OutputBias),
                        QueryNorm = differences.HeadNorms ? model.RmsNorm($"{attention}.q_norm", headDim) : null,
                        KeyNorm = differences.HeadNorms ? model.RmsNorm($"{attention}.k_norm", headDim) : null,
                        HeadDim = headDim,
                        Rotary = rotary,
                        Window = differences.Window,
                    })),
                new ResidualBranch(
                    model.RmsNorm($"{path}.post_attention_layernorm", hidden),
                    differences.FeedForward?.Invoke(layer) ?? model.GatedMlp($"{path}.mlp", differences.MlpBias)),
            ]);
        });
    }
}

/// <summary>Where families that follow Llama part from it.</summary>
internal sealed record LlamaDifferences
{
    public bool QueryKeyValueBias { get; init; }

    public bool OutputBias { get; init; }

    public bool MlpBias { get; init; }

    /// <summary>Norms of each query and key head before they are turned.</summary>
    public bool HeadNorms { get; init; }

    /// <summary>Positions that a row sees, itself included; 0 sees all before it.</summary>
    public int Window { get; init; }

    /// <summary>Makes the feed-forward network of a layer; null is Llama's.</summary>
    public Func<int, ILayerOperation>? FeedForward { get; init; }
}
