using Patchbay.Engine.Kernels;
using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>ERNIE 4.5 with mixtures of experts: neighbouring values are turned, some layers have experts and shared ones.</summary>
internal static class Ernie45Moe
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        var bias = config.Boolean("use_bias", false);
        model.Tensors.IgnoreAll("model.mtp_");
        return Llama.Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = bias,
            OutputBias = bias,
            Rotary = new RotaryOptions { Theta = 500000, TurnsNeighbours = true },
            TiesByDefault = true,
            FeedForward = layer => IsSparse(config, layer)
                ? Experts(model, $"model.layers.{layer}.mlp", bias)
                : model.GatedMlp($"model.layers.{layer}.mlp", bias),
        });
    }

    private static bool IsSparse(ModelConfig config, int layer)
    {
        // -1 is the last layer.
        var end = config.Number("moe_layer_end_index", -1);
        return (layer + 1) % config.Whole("moe_layer_interval", 1) == 0
            && layer >= config.Whole("moe_layer_start_index", 1)
            && (end < 0 || layer <= end);
    }

    private static MoeMlp Experts(ModelBuilder model, string path, bool bias)
    {
        var config = model.Config;
        if (bias)
        {
            throw config.Refuse("use_bias", "false where layers have experts");
        }

        var (count, width) = (config.Whole("moe_num_experts"), config.Whole("moe_intermediate_size"));
        var shared = config.Whole("moe_num_shared_experts", 0);
        var settings = new RouterSettings
        {
            ChosenCount = config.Whole("moe_k"),
            Score = RouterScore.Softmax,
            Normalise = true,
            LeastSum = (float)config.Number("moe_norm_min", 1e-12),
        };
        return new MoeMlp(
            new Router(
                model.Linear($"{path}.gate", config.HiddenSize, count),
                settings,
                model.Tensors.Vector($"{path}.moe_statics.e_score_correction_bias", [1, count])),
            ExpertLayers.OneByOne(model, $"{path}.experts", count, width, new ExpertNames($"{path}.experts")),
            shared > 0 ? model.GatedMlp($"{path}.shared_experts", shared * width) : null);
    }
}
