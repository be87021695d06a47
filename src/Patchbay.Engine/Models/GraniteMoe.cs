using Patchbay.Engine.Kernels;
using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>Granite 3 with mixtures of experts: Llama with factors at every addition, experts stacked in two tensors a layer.</summary>
internal static class GraniteMoe
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        var bias = config.Boolean("attention_bias", false);
        return Llama.Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = bias,
            OutputBias = bias,
            ResidualScale = (float)config.Number("residual_multiplier", 1),
            Frame = frame => frame with
            {
                EmbeddingScale = (float)config.Number("embedding_multiplier", 1),
                LogitScale = (float)(1 / config.Number("logits_scaling", 1)),
            },
            Attention = (_, parts) => parts with { Scale = (float)config.Number("attention_multiplier", 1) },
            FeedForward = layer => Experts(model, $"model.layers.{layer}.block_sparse_moe"),
        });
    }

    private static MoeMlp Experts(ModelBuilder model, string path)
    {
        var config = model.Config;
        var count = config.Whole("num_local_experts");
        var settings = new RouterSettings
        {
            ChosenCount = config.Whole("num_experts_per_tok"),
            Score = RouterScore.SoftmaxOfChosen,
        };
        var weights = new StackedExperts(model, count, config.HiddenSize, config.IntermediateSize)
        {
            GateUp = model.Tensors.Stack($"{path}.input_linear.weight", count, 2 * config.IntermediateSize, config.HiddenSize),
            GateUpModule = $"{path}.input_linear",
            GateUpName = "weight",
            Down = model.Tensors.Stack($"{path}.output_linear.weight", count, config.HiddenSize, config.IntermediateSize),
            DownModule = $"{path}.output_linear",
            DownName = "weight",
        };
        return new MoeMlp(
            new Router(model.Linear($"{path}.router.layer", config.HiddenSize, count), settings),
            weights.Bind(model.Activation()));
    }
}
