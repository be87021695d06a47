namespace Patchbay.Engine.Models;

/// <summary>OLMo 3: OLMo 2 with a window on three of four layers, which rotary scaling leaves alone.</summary>
internal static class Olmo3
{
    private const int Pattern = 4;

    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        var full = model.Rotary(config.HeadDim, new RotaryOptions { Theta = 500_000, LayerType = "full_attention" });
        var sliding = model.Rotary(config.HeadDim, new RotaryOptions { Theta = 500_000, LayerType = "sliding_attention" });
        return Olmo2.Build(model, (layer, path) => config.IsSliding(layer, Pattern)
            ? Olmo2.Attention(model, path, sliding) with { Window = config.SlidingWindow }
            : Olmo2.Attention(model, path, full));
    }
}
