namespace Patchbay.Engine.Models;

/// <summary>Command R7B and Command A: Command R with a window on the layers that know positions while the others see everything.</summary>
internal static class Cohere2
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        config.Require("order_of_interleaved_layers", "local_attn_first");
        config.Require("layer_switch", "4");
        var rotary = model.Rotary(config.HeadDim, new RotaryOptions { TurnsNeighbours = true });
        return Cohere.Build(model, (layer, path) => config.IsSliding(layer, pattern: 4)
            ? Cohere.Attention(model, path, rotary) with { Window = config.SlidingWindow }
            : Cohere.Attention(model, path, null));
    }
}
