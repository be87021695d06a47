namespace Patchbay.Engine.Models;

/// <summary>EXAONE 4: OLMo 2's branches, head norms, and a window on the layers that know positions while the others see everything.</summary>
internal static class Exaone4
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        var rotary = model.Rotary(config.HeadDim);
        return Olmo2.Build(model, (layer, path) =>
        {
            var isSliding = config.IsSliding(layer, pattern: 4);
            var turns = isSliding || config.SlidingWindow == 0;
            return Llama.Attention(model, path, turns ? rotary : null, new LlamaDifferences { HeadNorms = true }) with
            {
                Window = isSliding ? config.SlidingWindow : 0,
            };
        });
    }
}
