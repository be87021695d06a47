using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>Phi-1 to Phi-2: attention and a plain feed-forward network side by side behind one LayerNorm, biases everywhere.</summary>
internal static class Phi
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        var rotary = model.Rotary(config.HeadDim, new RotaryOptions { PartialFactor = 0.5 });
        var activation = model.Activation(fallback: "gelu_new");
        var frame = new DecoderFrame { FinalNorm = model.LayerNorm("model.final_layernorm", config.HiddenSize), HasHeadBias = true };
        return model.Decoder(frame, layer =>
        {
            var path = $"model.layers.{layer}";
            var norm = model.LayerNorm($"{path}.input_layernorm", config.HiddenSize);
            return new DecoderLayer(
            [
                new ResidualBranch(norm, model.Attention(Attention(model, $"{path}.self_attn", rotary))),
                new ResidualBranch(norm, model.Mlp($"{path}.mlp.fc1", $"{path}.mlp.fc2", config.IntermediateSize, hasBias: true, activation))
                {
                    IsParallel = true,
                },
            ]);
        });
    }

    private static AttentionParts Attention(ModelBuilder model, string path, RotaryEmbedding rotary)
    {
        var (config, headDim) = (model.Config, model.Config.HeadDim);
        var hasNorms = config.Boolean("qk_layernorm", false);
        return new AttentionParts
        {
            Projection = model.Projections(path, headDim, hasBias: true),
            Output = model.Linear($"{path}.dense", config.HeadCount * headDim, config.HiddenSize, hasBias: true),
            QueryNorm = hasNorms ? model.LayerNorm($"{path}.q_layernorm", headDim) : null,
            KeyNorm = hasNorms ? model.LayerNorm($"{path}.k_layernorm", headDim) : null,
            HeadDim = headDim,
            Rotary = rotary,
        };
    }
}
