using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>Phi-3 and Phi-4: Llama with fused projections and, for long contexts, LongRoPE.</summary>
internal static class Phi3
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        config.Require("full_attn_mod", "1");
        config.Require("interpolate_factor", "1");
        var (queries, keys) = (config.HeadCount * config.HeadDim, config.KvHeadCount * config.HeadDim);
        return Llama.Build(model, new LlamaDifferences
        {
            Projection = path => new FusedProjection(
                model.Linear($"{path}.qkv_proj", config.HiddenSize, queries + (2 * keys)), groups: 1, queries, keys),
            Attention = (_, parts) => parts with { Window = config.SlidingWindow },
            FeedForward = layer => model.FusedGatedMlp(Llama.MlpPath(layer)),
        });
    }
}
