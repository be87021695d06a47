namespace Patchbay.Engine.Models;

/// <summary>GLM 4 9B (2024): Llama that turns neighbouring values in half of each head, with gate and up in one matrix.</summary>
internal static class Glm
{
    public static RotaryOptions Rotary { get; } = new() { PartialFactor = 0.5, TurnsNeighbours = true };

    public static DecoderModel Build(ModelBuilder model) => Llama.Build(model, new LlamaDifferences
    {
        QueryKeyValueBias = model.Config.Boolean("attention_bias", false),
        Rotary = Rotary,
        FeedForward = layer => model.FusedGatedMlp(Llama.MlpPath(layer)),
    });
}
