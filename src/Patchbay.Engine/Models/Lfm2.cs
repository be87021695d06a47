using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>LFM2 (arXiv:2511.23404): gated short convolutions with attention in some places, a gated feed-forward network after each.</summary>
internal static class Lfm2
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        config.Require("block_use_swiglu", "true");
        config.Require("use_pos_enc", "true");

        // How it was initialised, and the words of older configurations for what is read under another name.
        config.Ignore(
            "block_dim", "block_mlp_init_scale", "block_out_init_scale", "block_use_xavier_init", "conv_dim", "conv_dim_out",
            "conv_use_xavier_init", "block_multiple_of", "block_ffn_dim_multiplier");
        var hidden = config.HiddenSize;
        var rotary = model.Rotary(config.HeadDim, new RotaryOptions { Theta = 1_000_000 });
        var frame = new DecoderFrame { FinalNorm = Norm(model, "model.embedding_norm", hidden), TiesByDefault = true };
        return model.Decoder(frame, layer =>
        {
            var path = $"model.layers.{layer}";
            return new DecoderLayer(
            [
                new ResidualBranch(
                    Norm(model, $"{path}.operator_norm", hidden),
                    IsAttention(config, layer) ? Attention(model, $"{path}.self_attn", rotary) : Convolution(model, $"{path}.conv")),
                new ResidualBranch(Norm(model, $"{path}.ffn_norm", hidden), FeedForward(model, $"{path}.feed_forward")),
            ]);
        });
    }

    private static RmsNorm Norm(ModelBuilder model, string path, int width) =>
        model.RmsNorm(path, width, (float)model.Config.Number("norm_eps", 1e-5), weightOffset: 0);

    private static bool IsAttention(ModelConfig config, int layer)
    {
        var kinds = config.TextList("layer_types");
        return kinds.Count == 0 ? config.Numbers("full_attn_idxs")?.Contains(layer) == true : kinds[layer] switch
        {
            "full_attention" => true,
            "conv" => false,
            _ => throw config.Refuse("layer_types", "full_attention and conv"),
        };
    }

    private static Attention Attention(ModelBuilder model, string path, RotaryEmbedding rotary)
    {
        var (config, headDim) = (model.Config, model.Config.HeadDim);
        return model.Attention(new AttentionParts
        {
            Projection = model.Projections(path, headDim),
            Output = model.Linear($"{path}.out_proj", config.HeadCount * headDim, config.HiddenSize),
            QueryNorm = Norm(model, $"{path}.q_layernorm", headDim),
            KeyNorm = Norm(model, $"{path}.k_layernorm", headDim),
            HeadDim = headDim,
            Rotary = rotary,
        });
    }

    private static ShortConvolution Convolution(ModelBuilder model, string path)
    {
        var (hidden, bias) = (model.Config.HiddenSize, model.Config.Boolean("conv_bias", false));
        var convolution = RecurrentLayers.Convolution(
            model, $"{path}.conv", hidden, model.Config.Whole("conv_L_cache"), bias, hasSilu: false);
        return new ShortConvolution(
            model.StateLayer(convolution.StateSize),
            model.Linear($"{path}.in_proj", hidden, 3 * hidden, bias),
            convolution,
            model.Linear($"{path}.out_proj", hidden, hidden, bias));
    }

    private static GatedMlp FeedForward(ModelBuilder model, string path)
    {
        var (hidden, width) = (model.Config.HiddenSize, InnerSize(model.Config));
        return new GatedMlp(
            model.Linear($"{path}.w1", hidden, width),
            model.Linear($"{path}.w3", hidden, width),
            model.Linear($"{path}.w2", width, hidden),
            Layers.Activation.Silu);
    }

    /// <summary>The configuration's size, or two thirds of it, stretched and rounded up to whole blocks.</summary>
    private static int InnerSize(ModelConfig config)
    {
        var size = config.WholeOf("intermediate_size", "block_ff_dim");
        if (!config.Boolean("block_auto_adjust_ff_dim", true))
        {
            return size;
        }

        var block = config.Whole("block_multiple_of", 256);
        var stretched = (int)(config.Number("block_ffn_dim_multiplier", 1) * (int)(2.0 * size / 3));
        return (stretched + block - 1) / block * block;
    }
}
