using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>StableLM 2: Llama with LayerNorm and a quarter of each head turned; some sizes with head norms or branches side by side.</summary>
internal static class StableLm
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        var isParallel = config.Boolean("use_parallel_residual", false);
        var rotary = model.Rotary(config.HeadDim, new RotaryOptions { PartialFactor = 0.25 });
        return model.Decoder(new DecoderFrame { FinalNorm = Norm("model.norm") }, layer =>
        {
            var path = $"model.layers.{layer}";
            var norm = Norm($"{path}.input_layernorm");
            return new DecoderLayer(
            [
                new ResidualBranch(norm, model.Attention(Attention(model, $"{path}.self_attn", rotary))),
                new ResidualBranch(isParallel ? norm : Norm($"{path}.post_attention_layernorm"), model.GatedMlp($"{path}.mlp")) { IsParallel = isParallel },
            ]);
        });

        LayerNorm Norm(string path) => model.LayerNorm(path, config.HiddenSize);
    }

    private static AttentionParts Attention(ModelBuilder model, string path, RotaryEmbedding rotary)
    {
        var config = model.Config;
        var hasNorms = config.Boolean("qk_layernorm", false);
        var bias = config.Boolean("use_qkv_bias", false);
        return Llama.Attention(model, path, rotary, new LlamaDifferences { QueryKeyValueBias = bias }) with
        {
            QueryNorm = hasNorms ? Norm("q_layernorm", config.HeadCount) : null,
            KeyNorm = hasNorms ? Norm("k_layernorm", config.KvHeadCount) : null,
        };

        // Each head has a norm of its own.
        LayerNorm Norm(string name, int heads) => new(
            model.Tensors.Vectors([.. Enumerable.Range(0, heads).Select(head => $"{path}.{name}.norms.{head}.weight")], config.HeadDim),
            null,
            config.HeadDim,
            config.LayerNormEpsilon);
    }
}
