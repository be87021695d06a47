namespace Patchbay.Engine.Models;

/// <summary>Qwen3: Llama with norms of each query and key head.</summary>
internal static class Qwen3
{
    public static DecoderModel Build(ModelBuilder model)
    {
        model.Config.RequireFullAttention();
        var bias = model.Config.Boolean("attention_bias", false);
        return Llama.Build(model, new LlamaDifferences { QueryKeyValueBias = bias, OutputBias = bias, HeadNorms = true });
    }
}
