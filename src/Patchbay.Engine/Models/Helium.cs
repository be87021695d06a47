namespace Patchbay.Engine.Models;

/// <summary>Helium: Llama that turns neighbouring values.</summary>
internal static class Helium
{
    public static DecoderModel Build(ModelBuilder model) => Llama.Build(model, new LlamaDifferences
    {
        QueryKeyValueBias = model.Config.Boolean("attention_bias", false),
        MlpBias = model.Config.Boolean("mlp_bias", false),
        Rotary = new RotaryOptions { Theta = 100_000, TurnsNeighbours = true },
    });
}
