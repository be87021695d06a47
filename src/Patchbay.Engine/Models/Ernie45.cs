namespace Patchbay.Engine.Models;

/// <summary>ERNIE 4.5, dense: Llama that turns neighbouring values, with biases everywhere or nowhere.</summary>
internal static class Ernie45
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var bias = model.Config.Boolean("use_bias", false);
        return Llama.Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = bias,
            OutputBias = bias,
            MlpBias = bias,
            TiesByDefault = true,
            Rotary = new RotaryOptions { Theta = 500_000, TurnsNeighbours = true },
        });
    }
}
