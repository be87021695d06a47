using Patchbay.Engine.Layers;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Models;

/// <summary>
/// MiniMax-01 (arXiv:2501.08313): lightning attention with softmax attention in some places, Mixtral's experts after each. What a
/// branch has read, times a factor, takes the place of the hidden state.
/// </summary>
internal static class MiniMax
{
    // The norm inside of lightning attention does not follow the configuration.
    private const float LightningEpsilon = 1e-6f;

    private const int MaxBlockSize = 4096;

    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        config.Require("rotary_dim", $"{config.HeadDim}");
        config.Require("sliding_window", null);
        var hidden = config.HiddenSize;
        var rotary = model.Rotary(config.HeadDim, new RotaryOptions { Theta = 1_000_000 });
        return model.Decoder(new DecoderFrame { FinalNorm = model.RmsNorm("model.norm", hidden) }, layer =>
        {
            var path = $"model.layers.{layer}";
            var isSoftmax = IsSoftmax(config, layer);
            ILayerOperation attention = isSoftmax
                ? model.Attention(Llama.Attention(model, $"{path}.self_attn", rotary, new LlamaDifferences()))
                : Lightning(model, $"{path}.self_attn", layer);
            return new DecoderLayer(
            [
                Branch(config, model.RmsNorm($"{path}.input_layernorm", hidden), attention, isSoftmax ? "full_attn" : "linear_attn"),
                Branch(config, model.RmsNorm($"{path}.post_attention_layernorm", hidden), Mixtral.Experts(model, layer), "mlp"),
            ]);
        });
    }

    private static ResidualBranch Branch(ModelConfig config, RmsNorm norm, ILayerOperation operation, string name) => new(norm, operation)
    {
        NormalisedScale = (float)config.Number($"{name}_alpha_factor", 1),
        Scale = (float)config.Number($"{name}_beta_factor", 1),
    };

    private static bool IsSoftmax(ModelConfig config, int layer)
    {
        var kinds = config.TextList("layer_types");
        return kinds.Count == 0 ? (layer + 1) % 2 == 0 : kinds[layer] switch
        {
            "full_attention" => true,
            "linear_attention" => false,
            _ => throw config.Refuse("layer_types", "full_attention and linear_attention"),
        };
    }

    private static LightningAttention Lightning(ModelBuilder model, string path, int layer)
    {
        var (config, hidden) = (model.Config, model.Config.HiddenSize);
        config.Require("hidden_act", "silu");
        var (heads, headDim, block) = (config.HeadCount, config.HeadDim, config.Whole("block_size", 256));
        if (block is < 1 or > MaxBlockSize)
        {
            throw config.Refuse("block_size", $"1 to {MaxBlockSize}");
        }

        var slopes = Slopes(model, path, layer);
        var parts = new LightningParts
        {
            Projection = model.Linear($"{path}.qkv_proj", hidden, 3 * heads * headDim),
            Heads = heads,
            HeadDim = headDim,
            BlockSize = block,
            QueryDecays = Decays(model, $"{path}.query_decay", [heads, block, 1], slopes, block, place => place + 1),
            KeyDecays = Decays(model, $"{path}.key_decay", [heads, block, 1], slopes, block, place => block - 1 - place),
            DistanceDecays = DistanceDecays(model, $"{path}.diagonal_decay", slopes, block),
            BlockDecays = model.Tensors.Computed(Array.ConvertAll(slopes, slope => MathF.Exp(-slope * block))),
            Norm = model.RmsNorm($"{path}.norm", heads * headDim, LightningEpsilon, weightOffset: 0),
            Gate = model.Linear($"{path}.output_gate", hidden, heads * headDim),
            Output = model.Linear($"{path}.out_proj", heads * headDim, hidden),
        };
        return new LightningAttention(model.StateLayer(LightningAttention.StateSize(parts)), parts);
    }

    /// <summary>How fast each head forgets: as stored, or as the architecture defines it.</summary>
    private static float[] Slopes(ModelBuilder model, string path, int layer)
    {
        var heads = model.Config.HeadCount;
        if (model.Has($"{path}.slope_rate"))
        {
            return model.Tensors.Vector($"{path}.slope_rate", [heads, 1, 1]).AsSpan<float>().ToArray();
        }

        var factor = 1 - (layer / (model.Config.LayerCount - 1 + 1e-5)) + 1e-5;
        return [.. Enumerable.Range(1, heads).Select(head => (float)(Math.Pow(2, -8.0 * head / heads) * factor))];
    }

    private static NativeBuffer Decays(ModelBuilder model, string name, long[] shape, float[] slopes, int block, Func<int, int> exponent) =>
        model.Has(name)
            ? model.Tensors.Vector(name, shape)
            : model.Tensors.Computed([.. slopes.SelectMany(slope => Enumerable.Range(0, block).Select(place => MathF.Exp(-slope * exponent(place))))]);

    /// <summary>Stored for every pair of positions though the distance decides; refused where it does not.</summary>
    private static NativeBuffer DistanceDecays(ModelBuilder model, string name, float[] slopes, int block)
    {
        var heads = slopes.Length;
        if (!model.Has(name))
        {
            return Decays(model, name, [], slopes, block, distance => distance);
        }

        var pairs = model.Tensors.Vector(name, [1, heads, block, block]).AsSpan<float>();
        var decays = new float[heads * block];
        for (var i = 0; i < pairs.Length; i++)
        {
            var (head, later, earlier) = (i / block / block, i / block % block, i % block);
            if (earlier == 0)
            {
                decays[(head * block) + later] = pairs[i];
            }
            else if (pairs[i] != (later < earlier ? 0 : decays[(head * block) + later - earlier]))
            {
                throw new InvalidDataException($"Tensor {name}: expected values that depend on the distance of two positions, found others.");
            }
        }

        return model.Tensors.Computed(decays);
    }
}
