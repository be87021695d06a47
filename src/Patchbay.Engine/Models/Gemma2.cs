using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>Gemma 2: Gemma with norms on both sides of every branch, capped scores and logits, and a window on every other layer.</summary>
internal static class Gemma2
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var rotary = model.Rotary(model.Config.HeadDim);
        return Build(model, (layer, _) => new AttentionDifferences
        {
            Rotary = rotary,
            Window = model.Config.IsSliding(layer, pattern: 2) ? model.Config.SlidingWindow : 0,
        });
    }

    /// <summary>The same for Gemma 3, whose layers differ in more.</summary>
    public static DecoderModel Build(ModelBuilder model, Func<int, string, AttentionDifferences> differences)
    {
        var config = model.Config;
        config.Require("use_bidirectional_attention", "false");

        // Carried beside hidden_activation, which is what counts.
        config.Ignore("hidden_act");
        var activation = model.Activation("hidden_activation", "gelu_pytorch_tanh");
        var frame = new DecoderFrame
        {
            FinalNorm = Norm("model.norm"),
            EmbeddingScale = Gemma.EmbeddingScale(model),
            TiesByDefault = true,
            LogitSoftCap = (float)config.Number("final_logit_softcapping", 0),
        };
        return model.Decoder(frame, layer =>
        {
            var path = $"model.layers.{layer}";
            var attention = Attention(model, $"{path}.self_attn", differences(layer, $"{path}.self_attn"));
            return new DecoderLayer(
            [
                new ResidualBranch(Norm($"{path}.input_layernorm"), model.Attention(attention))
                {
                    OutputNorm = Norm($"{path}.post_attention_layernorm"),
                },
                new ResidualBranch(Norm($"{path}.pre_feedforward_layernorm"), model.GatedMlp($"{path}.mlp", activation: activation))
                {
                    OutputNorm = Norm($"{path}.post_feedforward_layernorm"),
                },
            ]);
        });

        RmsNorm Norm(string path) => Gemma.Norm(model, path, config.HiddenSize);
    }

    private static AttentionParts Attention(ModelBuilder model, string path, AttentionDifferences differences)
    {
        var config = model.Config;
        var bias = config.Boolean("attention_bias", false);
        var parts = Llama.Attention(model, path, differences.Rotary, new LlamaDifferences { QueryKeyValueBias = bias, OutputBias = bias });
        return parts with
        {
            Window = differences.Window,
            QueryNorm = differences.QueryNorm,
            KeyNorm = differences.KeyNorm,
            Scale = (float)(1 / Math.Sqrt(config.Number("query_pre_attn_scalar", 256))),
            SoftCap = (float)config.Number("attn_logit_softcapping", 0),
        };
    }

    /// <summary>What the attention of one layer has of its own.</summary>
    internal sealed record AttentionDifferences
    {
        public required RotaryEmbedding Rotary { get; init; }

        public required int Window { get; init; }

        public INorm? QueryNorm { get; init; }

        public INorm? KeyNorm { get; init; }
    }
}
