using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>dots.llm1 (arXiv:2506.05767): Qwen3's attention and DeepSeek-V3's experts.</summary>
internal static class Dots1
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        config.RequireFullAttention();
        var bias = config.Boolean("attention_bias", false);
        var settings = DeepseekMoe.SigmoidRouter(config);
        return Llama.Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = bias,
            OutputBias = bias,
            HeadNorms = true,
            FeedForward = layer => DeepseekMoe.FeedForward(model, layer, settings),
        });
    }
}
