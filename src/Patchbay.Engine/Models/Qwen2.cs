namespace Patchbay.Engine.Models;

/// <summary>Qwen2 and Qwen2.5: Llama with biases on queries, keys and values.</summary>
internal static class Qwen2
{
    public static DecoderModel Build(ModelBuilder model)
    {
        model.Config.RequireFullAttention();
        return Llama.Build(model, new LlamaDifferences { QueryKeyValueBias = true });
    }
}
