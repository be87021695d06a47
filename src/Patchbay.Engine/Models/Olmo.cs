namespace Patchbay.Engine.Models;

/// <summary>OLMo: Llama with norms that learn nothing and, in some sizes, a limit of what is projected.</summary>
internal static class Olmo
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var bias = model.Config.Boolean("attention_bias", false);
        return Llama.Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = bias,
            OutputBias = bias,
            Norm = _ => model.PlainLayerNorm(model.Config.HiddenSize, epsilon: 1e-5f),
            Attention = (_, parts) => parts with { ProjectionLimit = (float)model.Config.Number("clip_qkv", 0) },
        });
    }
}
