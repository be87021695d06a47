namespace Patchbay.Engine.Models;

/// <summary>Granite 3, dense: Llama with factors of the embedding, the scores, the residual branches and the logits.</summary>
internal static class Granite
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        var bias = config.Boolean("attention_bias", false);
        return Llama.Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = bias,
            OutputBias = bias,
            MlpBias = config.Boolean("mlp_bias", false),
            ResidualScale = (float)config.Number("residual_multiplier", 1),
            Attention = (_, parts) => parts with { Scale = (float)config.Number("attention_multiplier", 1) },
            Frame = frame => frame with
            {
                EmbeddingScale = (float)config.Number("embedding_multiplier", 1),
                LogitScale = (float)(1 / config.Number("logits_scaling", 1)),
            },
        });
    }
}
