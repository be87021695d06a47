namespace Patchbay.Engine.Models;

/// <summary>Mistral: Llama with a sliding window on every layer.</summary>
internal static class Mistral
{
    public static DecoderModel Build(ModelBuilder model) => Llama.Build(model, new LlamaDifferences
    {
        Attention = (_, parts) => parts with { Window = model.Config.SlidingWindow },
    });
}
