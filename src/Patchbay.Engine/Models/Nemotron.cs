namespace Patchbay.Engine.Models;

/// <summary>Nemotron-4 and Minitron: Llama with LayerNorm of weights around 1, half of each head turned, and squared ReLU without a gate.</summary>
internal static class Nemotron
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        var (attentionBias, mlpBias) = (config.Boolean("attention_bias", false), config.Boolean("mlp_bias", false));
        var activation = model.Activation(fallback: "relu2");
        return Llama.Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = attentionBias,
            OutputBias = attentionBias,
            Rotary = new RotaryOptions { PartialFactor = 0.5 },
            Norm = path => model.LayerNorm(path, config.HiddenSize, weightOffset: 1),
            FeedForward = layer => model.Mlp(
                $"{Llama.MlpPath(layer)}.up_proj", $"{Llama.MlpPath(layer)}.down_proj", config.IntermediateSize, mlpBias, activation),
        });
    }
}
