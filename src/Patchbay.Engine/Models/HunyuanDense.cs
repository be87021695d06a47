namespace Patchbay.Engine.Models;

/// <summary>Hunyuan V1, dense: Llama with norms of each query and key head after they are turned.</summary>
internal static class HunyuanDense
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var bias = model.Config.Boolean("attention_bias", false);
        return Llama.Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = bias,
            OutputBias = bias,
            Attention = (layer, parts) => parts with
            {
                QueryNorm = model.RmsNorm($"model.layers.{layer}.self_attn.query_layernorm", parts.HeadDim),
                KeyNorm = model.RmsNorm($"model.layers.{layer}.self_attn.key_layernorm", parts.HeadDim),
                NormsFollowRotation = true,
            },
        });
    }
}
