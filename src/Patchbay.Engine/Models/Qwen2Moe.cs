using Patchbay.Engine.Kernels;
using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>Qwen1.5-MoE and Qwen2-MoE: Qwen2 with mixtures of experts, and a shared expert that a gate of its own weighs.</summary>
internal static class Qwen2Moe
{
    public static DecoderModel Build(ModelBuilder model)
    {
        model.Config.RequireFullAttention();

        // Of plain layers, which a configuration may have none of.
        model.Config.Ignore("intermediate_size");
        return Llama.Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = model.Config.Boolean("qkv_bias", true),
            FeedForward = layer => FeedForward(model, layer),
        });
    }

    /// <summary>Whether a layer has experts.</summary>
    public static bool IsSparse(ModelConfig config, int layer) =>
        config.Numbers("mlp_only_layers")?.Contains(layer) != true && (layer + 1) % config.Whole("decoder_sparse_step", 1) == 0;

    /// <summary>A router by the names of Qwen's configurations.</summary>
    public static Router Router(ModelBuilder model, string path) => new(
        model.Linear($"{path}.gate", model.Config.HiddenSize, ExpertCount(model.Config)),
        new RouterSettings
        {
            ChosenCount = model.Config.Whole("num_experts_per_tok"),
            Score = RouterScore.Softmax,
            Normalise = model.Config.Boolean("norm_topk_prob", false),
        });

    /// <summary>Experts by the names of Qwen's configurations.</summary>
    public static IReadOnlyList<Expert> Experts(ModelBuilder model, string path) => ExpertLayers.OneByOne(
        model, $"{path}.experts", ExpertCount(model.Config), model.Config.Whole("moe_intermediate_size"), new ExpertNames($"{path}.experts"));

    /// <summary>Experts and the gated shared expert, or a plain network where a layer is not sparse.</summary>
    public static ILayerOperation FeedForward(ModelBuilder model, int layer)
    {
        var path = $"model.layers.{layer}.mlp";
        return IsSparse(model.Config, layer)
            ? new MoeMlp(
                Router(model, path),
                Experts(model, path),
                model.GatedMlp($"{path}.shared_expert", model.Config.Whole("shared_expert_intermediate_size")),
                model.Linear($"{path}.shared_expert_gate", model.Config.HiddenSize, 1))
            : model.GatedMlp(path);
    }

    // transformers 5 renames the field of Qwen3.
    private static int ExpertCount(ModelConfig config) => config.Whole("num_experts", config.Whole("num_local_experts", 0));
}
