using Patchbay.Engine.Kernels;
using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>
/// gpt-oss (arXiv:2508.10925): attention with biases, a sink per head and windows in every other layer; experts with biases and
/// a clamped activation, stored as (inputs, outputs) with gates and ups alternating.
/// </summary>
internal static class GptOss
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;

        // Published configurations say these two twice.
        config.Ignore("experts_per_token", "initial_context_length");
        var bias = config.Boolean("attention_bias", true);
        return Llama.Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = bias,
            OutputBias = bias,
            Rotary = new RotaryOptions { Theta = 150000 },
            Attention = (layer, parts) => parts with
            {
                Window = config.IsSliding(layer, pattern: 2) ? config.SlidingWindow : 0,
                Sinks = model.Tensors.Vector($"model.layers.{layer}.self_attn.sinks", [config.HeadCount]),
            },
            FeedForward = layer => Experts(model, $"model.layers.{layer}.mlp"),
        });
    }

    private static MoeMlp Experts(ModelBuilder model, string path)
    {
        var (config, tensors) = (model.Config, model.Tensors);
        var (hidden, width, count) = (config.HiddenSize, config.IntermediateSize, config.Whole("num_local_experts"));
        config.Require("hidden_act", "silu");
        var experts = $"{path}.experts";
        var settings = new RouterSettings
        {
            ChosenCount = config.Whole("num_experts_per_tok"),
            Score = RouterScore.SoftmaxOfChosen,
        };
        var weights = new StackedExperts(model, count, hidden, width)
        {
            GateUp = tensors.TransposedStack($"{experts}.gate_up_proj", count, 2 * width, hidden, alternating: 2),
            GateUpModule = experts,
            GateUpName = "gate_up_proj",
            GateUpBias = tensors.StackedVectors($"{experts}.gate_up_proj_bias", count, 2 * width, alternating: 2),
            Down = tensors.TransposedStack($"{experts}.down_proj", count, hidden, width),
            DownModule = experts,
            DownName = "down_proj",
            DownBias = tensors.StackedVectors($"{experts}.down_proj_bias", count, hidden),
            Alternates = true,
        };
        return new MoeMlp(
            new Router(model.Linear($"{path}.router", hidden, count, hasBias: true), settings),
            weights.Bind(new ClampedActivation((float)config.Number("swiglu_alpha", 1.702), (float)config.Number("swiglu_limit", 7))));
    }
}
