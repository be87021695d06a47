using Patchbay.Engine.Kernels;
using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>
/// Mixtures of experts by the names of DeepSeek's configurations (arXiv:2401.06066): some plain layers first, then layers with
/// routed experts and shared ones, which are stored as one network.
/// </summary>
internal static class DeepseekMoe
{
    /// <summary>Sigmoid scores, chosen with a correction bias within the best groups (arXiv:2412.19437 §2.1.2).</summary>
    public static RouterSettings SigmoidRouter(ModelConfig config)
    {
        config.Require("scoring_func", "sigmoid");
        config.Require("topk_method", "noaux_tc");
        return new RouterSettings
        {
            ChosenCount = config.Whole("num_experts_per_tok"),
            Score = RouterScore.Sigmoid,
            GroupCount = config.Whole("n_group", 1),
            ChosenGroupCount = config.Whole("topk_group", 1),
            BestOfGroup = 2,
            Normalise = config.Boolean("norm_topk_prob", true),
            LeastSum = 1e-20f,
            Scale = (float)config.Number("routed_scaling_factor", 1),
        };
    }

    /// <summary>The feed-forward network of a layer.</summary>
    public static ILayerOperation FeedForward(ModelBuilder model, int layer, RouterSettings settings, bool hasBias = false)
    {
        var config = model.Config;
        var path = $"model.layers.{layer}.mlp";
        if (layer < config.Whole("first_k_dense_replace", 0))
        {
            return model.GatedMlp(path, hasBias);
        }

        config.Require("moe_layer_freq", "1");
        var count = config.Whole("n_routed_experts");
        var width = config.Whole("moe_intermediate_size");
        var shared = config.Whole("n_shared_experts", 0);
        return new MoeMlp(
            new Router(
                model.Linear($"{path}.gate", config.HiddenSize, count),
                settings,
                settings.Score == RouterScore.Sigmoid ? model.Tensors.Vector($"{path}.gate.e_score_correction_bias", [count]) : null),
            ExpertLayers.OneByOne(model, $"{path}.experts", count, width, new ExpertNames($"{path}.experts")),
            shared > 0 ? model.GatedMlp($"{path}.shared_experts", shared * width, hasBias) : null);
    }
}
