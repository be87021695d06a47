using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>
/// Qwen3-Next: gated delta nets with gated attention in some places, Qwen2-MoE's experts after each. Norms store the distance of
/// their weight from 1.
/// </summary>
internal static class Qwen3Next
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        var hidden = config.HiddenSize;
        model.Tensors.IgnoreAll("mtp.");

        // Of plain layers, which a configuration may have none of.
        config.Ignore("intermediate_size");
        var rotary = model.Rotary(config.HeadDim, new RotaryOptions { PartialFactor = 0.25 });
        var frame = new DecoderFrame { FinalNorm = model.RmsNorm("model.norm", hidden, weightOffset: 1) };
        return model.Decoder(frame, layer =>
        {
            var path = $"model.layers.{layer}";
            return new DecoderLayer(
            [
                new ResidualBranch(
                    model.RmsNorm($"{path}.input_layernorm", hidden, weightOffset: 1),
                    IsAttention(config, layer)
                        ? model.Attention(Attention(model, $"{path}.self_attn", rotary))
                        : DeltaNet(model, $"{path}.linear_attn")),
                new ResidualBranch(
                    model.RmsNorm($"{path}.post_attention_layernorm", hidden, weightOffset: 1),
                    Qwen2Moe.FeedForward(model, layer)),
            ]);
        });
    }

    private static bool IsAttention(ModelConfig config, int layer)
    {
        var kinds = config.TextList("layer_types");
        return kinds.Count == 0 ? (layer + 1) % config.Whole("full_attention_interval", 4) == 0 : kinds[layer] switch
        {
            "full_attention" => true,
            "linear_attention" => false,
            _ => throw config.Refuse("layer_types", "full_attention and linear_attention"),
        };
    }

    private static AttentionParts Attention(ModelBuilder model, string path, RotaryEmbedding rotary)
    {
        var (config, hidden, headDim) = (model.Config, model.Config.HiddenSize, model.Config.HeadDim);
        var bias = config.Boolean("attention_bias", false);
        return new AttentionParts
        {
            Projection = new GatedProjections(
                model.Linear($"{path}.q_proj", hidden, 2 * config.HeadCount * headDim, bias),
                model.Linear($"{path}.k_proj", hidden, config.KvHeadCount * headDim, bias),
                model.Linear($"{path}.v_proj", hidden, config.KvHeadCount * headDim, bias),
                config.HeadCount),
            Output = model.Linear($"{path}.o_proj", config.HeadCount * headDim, hidden, bias),
            QueryNorm = model.RmsNorm($"{path}.q_norm", headDim, weightOffset: 1),
            KeyNorm = model.RmsNorm($"{path}.k_norm", headDim, weightOffset: 1),
            HeadDim = headDim,
            Rotary = rotary,
        };
    }

    private static GatedDeltaNet DeltaNet(ModelBuilder model, string path)
    {
        var (config, hidden) = (model.Config, model.Config.HiddenSize);
        config.Require("hidden_act", "silu");
        var (keyHeads, keyDim) = (config.Whole("linear_num_key_heads"), config.Whole("linear_key_head_dim"));
        var (valueHeads, valueDim) = (config.Whole("linear_num_value_heads"), config.Whole("linear_value_head_dim"));
        if (valueHeads % keyHeads != 0)
        {
            throw config.Refuse("linear_num_value_heads", $"a multiple of {keyHeads} key heads");
        }

        var (keys, values) = (keyHeads * keyDim, valueHeads * valueDim);
        var parts = new GatedDeltaParts
        {
            Input = model.Linear($"{path}.in_proj_qkvz", hidden, 2 * (keys + values)),
            Rates = model.Linear($"{path}.in_proj_ba", hidden, 2 * valueHeads),
            Convolution = RecurrentLayers.Convolution(
                model, $"{path}.conv1d", (2 * keys) + values, config.Whole("linear_conv_kernel_dim"), hasBias: false, hasSilu: true),
            KeyHeads = keyHeads,
            KeyDim = keyDim,
            ValueHeads = valueHeads,
            ValueDim = valueDim,
            StepBias = model.Tensors.Vector($"{path}.dt_bias", [valueHeads]),
            Decay = RecurrentLayers.Decay(model, path, valueHeads),
            Norm = model.RmsNorm($"{path}.norm", valueDim),
            Output = model.Linear($"{path}.out_proj", values, hidden),
        };
        return new GatedDeltaNet(model.StateLayer(GatedDeltaNet.StateSize(parts)), parts);
    }
}
