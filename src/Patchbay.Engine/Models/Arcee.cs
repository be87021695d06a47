namespace Patchbay.Engine.Models;

/// <summary>Arcee AFM: Llama with a plain feed-forward network of squared ReLU.</summary>
internal static class Arcee
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var (attentionBias, mlpBias) = (model.Config.Boolean("attention_bias", false), model.Config.Boolean("mlp_bias", false));
        var activation = model.Activation(fallback: "relu2");
        return Llama.Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = attentionBias,
            OutputBias = attentionBias,
            FeedForward = layer => model.Mlp(
                $"{Llama.MlpPath(layer)}.up_proj", $"{Llama.MlpPath(layer)}.down_proj", model.Config.IntermediateSize, mlpBias, activation),
        });
    }
}
