using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>GLM 4 (2025): GLM with norms on both sides of every branch.</summary>
internal static class Glm4
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        var rotary = model.Rotary(config.HeadDim, Glm.Rotary);
        var differences = new LlamaDifferences { QueryKeyValueBias = config.Boolean("attention_bias", false) };
        return model.Decoder(new DecoderFrame { FinalNorm = Norm("model.norm") }, layer =>
        {
            var path = $"model.layers.{layer}";
            return new DecoderLayer(
            [
                new ResidualBranch(
                    Norm($"{path}.input_layernorm"),
                    model.Attention(Llama.Attention(model, $"{path}.self_attn", rotary, differences)))
                {
                    OutputNorm = Norm($"{path}.post_self_attn_layernorm"),
                },
                new ResidualBranch(Norm($"{path}.post_attention_layernorm"), model.FusedGatedMlp($"{path}.mlp"))
                {
                    OutputNorm = Norm($"{path}.post_mlp_layernorm"),
                },
            ]);
        });

        RmsNorm Norm(string path) => model.RmsNorm(path, config.HiddenSize);
    }
}
