namespace Patchbay.Engine.Models;

/// <summary>Gemma 3, text only: Gemma 2 with head norms, and rotary settings of their own for sliding and for full layers.</summary>
internal static class Gemma3
{
    private const int Pattern = 6;

    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        var full = model.Rotary(config.HeadDim, new RotaryOptions { Theta = 1_000_000, LayerType = "full_attention" });
        var sliding = model.Rotary(config.HeadDim, new RotaryOptions { LayerType = "sliding_attention" });
        return Gemma2.Build(model, (layer, path) => new Gemma2.AttentionDifferences
        {
            Rotary = config.IsSliding(layer, Pattern) ? sliding : full,
            Window = config.IsSliding(layer, Pattern) ? config.SlidingWindow : 0,
            QueryNorm = Gemma.Norm(model, $"{path}.q_norm", config.HeadDim),
            KeyNorm = Gemma.Norm(model, $"{path}.k_norm", config.HeadDim),
        });
    }
}
