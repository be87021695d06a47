using Patchbay.Engine.Kernels;
using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>Mixtral (arXiv:2401.04088): Llama with a mixture of experts in every layer.</summary>
internal static class Mixtral
{
    public static DecoderModel Build(ModelBuilder model) => Llama.Build(model, new LlamaDifferences
    {
        Attention = (_, parts) => parts with { Window = model.Config.Whole("sliding_window", 0) },
        FeedForward = layer => Experts(model, layer),
    });

    /// <summary>Experts by the names of Mixtral's checkpoints.</summary>
    public static ILayerOperation Experts(ModelBuilder model, int layer)
    {
        var config = model.Config;
        var stored = $"model.layers.{layer}.block_sparse_moe";
        var path = $"model.layers.{layer}.mlp";
        var count = config.Whole("num_local_experts");
        var gate = new Linear(model.Module($"{path}.gate", config.HiddenSize, count, $"{stored}.gate"));
        var settings = new RouterSettings
        {
            ChosenCount = config.Whole("num_experts_per_tok"),
            Score = RouterScore.Softmax,
            Normalise = true,
        };
        var names = new ExpertNames($"{stored}.experts") { Gate = "w1", Up = "w3", Down = "w2" };
        return new MoeMlp(
            new Router(gate, settings),
            ExpertLayers.OneByOne(model, $"{path}.experts", count, config.IntermediateSize, names));
    }
}
