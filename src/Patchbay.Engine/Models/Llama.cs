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
        var hidden = model.Config.HiddenSize;
        var rotary = model.Rotary(model.Config.HeadDim, differences.Rotary);
        var norm = differences.Norm ?? (path => model.RmsNorm(path, hidden));
        var frame = new DecoderFrame { FinalNorm = norm("model.norm"), TiesByDefault = differences.TiesByDefault };
        return model.Decoder(differences.Frame?.Invoke(frame) ?? frame, layer =>
        {
            var path = $"model.layers.{layer}";
            var attention = Attention(model, $"{path}.self_attn", rotary, differences);
            return new DecoderLayer(
            [
                new ResidualBranch(
                    norm($"{path}.{differences.AttentionNormName}"),
                    model.Attention(differences.Attention?.Invoke(layer, attention) ?? attention)) { Scale = differences.ResidualScale },
                new ResidualBranch(
                    norm($"{path}.{differences.MlpNormName}"),
                    differences.FeedForward?.Invoke(layer) ?? model.GatedMlp(MlpPath(layer), differences.MlpBias)) { Scale = differences.ResidualScale },
            ]);
        });
    }

    /// <summary>Where the feed-forward network of a layer is.</summary>
    public static string MlpPath(int layer) => $"model.layers.{layer}.mlp";

    /// <summary>Attention with Llama's names below <paramref name="path"/>.</summary>
    public static AttentionParts Attention(ModelBuilder model, string path, RotaryEmbedding? rotary, LlamaDifferences differences)
    {
        var (config, headDim) = (model.Config, model.Config.HeadDim);
        return new AttentionParts
        {
            Projection = differences.Projection?.Invoke(path) ?? model.Projections(path, headDim, differences.QueryKeyValueBias),
            Output = model.Linear($"{path}.o_proj", config.HeadCount * headDim, config.HiddenSize, differences.OutputBias),
            QueryNorm = differences.HeadNorms ? model.RmsNorm($"{path}.q_norm", headDim) : null,
            KeyNorm = differences.HeadNorms ? model.RmsNorm($"{path}.k_norm", headDim) : null,
            HeadDim = headDim,
            Rotary = rotary,
        };
    }
}
