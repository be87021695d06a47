using Patchbay.Engine.Kernels;
using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>Qwen3 with mixtures of experts (arXiv:2505.09388), in all layers but those that the configuration names.</summary>
internal static class Qwen3Moe
{
    public static DecoderModel Build(ModelBuilder model)
    {
        model.Config.RequireFullAttention();

        // Of plain layers, which a configuration may have none of.
        model.Config.Ignore("intermediate_size");
        var bias = model.Config.Boolean("attention_bias", false);
        return Llama.Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = bias,
            OutputBias = bias,
            HeadNorms = true,
            FeedForward = layer => FeedForward(model, layer),
        });
    }

    private static ILayerOperation FeedForward(ModelBuilder model, int layer)
    {
        var path = $"model.layers.{layer}.mlp";
        return Qwen2Moe.IsSparse(model.Config, layer)
            ? new MoeMlp(Qwen2Moe.Router(model, path), Qwen2Moe.Experts(model, path))
            : model.GatedMlp(path);
    }
}
