using System.Text.Json;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>DeepSeek-V2 (arXiv:2405.04434) and DeepSeek-V3 (arXiv:2412.19437): latent attention and DeepSeek's experts.</summary>
internal static class Deepseek
{
    // The norms inside of latent attention do not follow the configuration.
    private const float LatentEpsilon = 1e-6f;

    public static DecoderModel BuildV2(ModelBuilder model)
    {
        var config = model.Config;
        config.Require("scoring_func", "softmax");
        config.Require("norm_topk_prob", "false");
        var isGrouped = config.Text("topk_method") == "group_limited_greedy";
        if (!isGrouped)
        {
            config.Require("topk_method", "greedy");
        }

        var settings = new RouterSettings
        {
            ChosenCount = config.Whole("num_experts_per_tok"),
            Score = RouterScore.Softmax,
            GroupCount = isGrouped ? config.Whole("n_group") : 1,
            ChosenGroupCount = isGrouped ? config.Whole("topk_group") : 1,
            Scale = (float)config.Number("routed_scaling_factor", 1),
        };
        return Build(model, settings, config.Boolean("mlp_bias", false), isInterleaved: true);
    }

    public static DecoderModel BuildV3(ModelBuilder model) => Build(
        model, DeepseekMoe.SigmoidRouter(model.Config), mlpBias: false, model.Config.Boolean("rope_interleave", true));

    private static DecoderModel Build(ModelBuilder model, RouterSettings settings, bool mlpBias, bool isInterleaved)
    {
        var config = model.Config;
        for (var extra = 0; extra < config.Whole("num_nextn_predict_layers", 0); extra++)
        {
            model.Tensors.IgnoreAll($"model.layers.{config.LayerCount + extra}.");
        }

        var rotary = model.Rotary(config.Whole("qk_rope_head_dim"), new RotaryOptions { TurnsNeighbours = isInterleaved });
        return model.Decoder(new DecoderFrame { FinalNorm = model.RmsNorm("model.norm", config.HiddenSize) }, layer =>
        {
            var path = $"model.layers.{layer}";
            return new DecoderLayer(
            [
                new ResidualBranch(
                    model.RmsNorm($"{path}.input_layernorm", config.HiddenSize),
                    model.LatentAttention(Attention(model, $"{path}.self_attn", rotary, isInterleaved))),
                new ResidualBranch(
                    model.RmsNorm($"{path}.post_attention_layernorm", config.HiddenSize),
                    DeepseekMoe.FeedForward(model, layer, settings, mlpBias)),
            ]);
        });
    }

    private static LatentAttentionParts Attention(ModelBuilder model, string path, RotaryEmbedding rotary, bool isInterleaved)
    {
        var config = model.Config;
        var (heads, hidden) = (config.HeadCount, config.HiddenSize);
        var (own, turned, value) = (config.Whole("qk_nope_head_dim"), config.Whole("qk_rope_head_dim"), config.Whole("v_head_dim"));
        config.Require("qk_head_dim", $"{own + turned}");

        // Latent attention has no key heads of its own.
        config.Ignore("head_dim", "num_key_value_heads");
        var (queryRank, rank) = (config.Whole("q_lora_rank", 0), config.Whole("kv_lora_rank"));
        var bias = config.Boolean("attention_bias", false);
        return new LatentAttentionParts
        {
            QueryDown = queryRank > 0
                ? model.Linear($"{path}.q_a_proj", hidden, queryRank, bias)
                : model.Linear($"{path}.q_proj", hidden, heads * (own + turned)),
            QueryNorm = queryRank > 0 ? model.RmsNorm($"{path}.q_a_layernorm", queryRank, LatentEpsilon, weightOffset: 0) : null,
            QueryUp = queryRank > 0 ? model.Linear($"{path}.q_b_proj", queryRank, heads * (own + turned)) : null,
            KeyValueDown = model.Linear($"{path}.kv_a_proj_with_mqa", hidden, rank + turned, bias),
            KeyValueNorm = model.RmsNorm($"{path}.kv_a_layernorm", rank, LatentEpsilon, weightOffset: 0),
            KeyValueUp = model.Linear($"{path}.kv_b_proj", rank, heads * (own + value)),
            Output = model.Linear($"{path}.o_proj", heads * value, hidden, bias),
            Rotary = rotary,
            Heads = heads,
            TurnedDim = turned,
            ValueDim = value,
            Scale = Scale(config, own + turned),
            IsInterleaved = isInterleaved,
        };
    }

    /// <summary>1/√d, times the square of YaRN's factor where the configuration asks for it.</summary>
    private static float Scale(ModelConfig config, int keyDim)
    {
        var factor = 1.0;
        if ((config.Object("rope_parameters") ?? config.Object("rope_scaling")) is { } rope
            && Number(rope, "mscale_all_dim") is var all && all != 0 && Number(rope, "factor") is var stretch && stretch > 1)
        {
            factor = (0.1 * all * Math.Log(stretch)) + 1;
        }

        return (float)(factor * factor / Math.Sqrt(keyDim));
    }

    private static double Number(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : 0;
}
