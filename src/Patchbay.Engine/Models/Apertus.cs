using Patchbay.Engine.Kernels.Activations;
using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>Apertus: Llama with head norms and a plain feed-forward network of xIELU, whose parameters each layer learns.</summary>
internal static class Apertus
{
    public static DecoderModel Build(ModelBuilder model)
    {
        model.Config.Require("hidden_act", "xielu");
        model.Config.Require("qk_norm", "true");
        model.Config.Require("post_norm", "false");
        model.Config.Require("mlp_bias", "false");
        var bias = model.Config.Boolean("attention_bias", false);
        return Llama.Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = bias,
            OutputBias = bias,
            HeadNorms = true,
            AttentionNormName = "attention_layernorm",
            MlpNormName = "feedforward_layernorm",
            Rotary = new RotaryOptions { Theta = 12_000_000 },
            FeedForward = layer => FeedForward(model, Llama.MlpPath(layer)),
        });
    }

    private static Mlp FeedForward(ModelBuilder model, string path) => model.Mlp(
        $"{path}.up_proj", $"{path}.down_proj", model.Config.IntermediateSize, hasBias: false, ReadXielu(model, $"{path}.act_fn"));

    private static Activation ReadXielu(ModelBuilder model, string path)
    {
        var beta = Value($"{path}.beta", []);
        return Activation.Of(new Xielu(
            SoftPlus(Value($"{path}.alpha_p", [1])),
            beta + SoftPlus(Value($"{path}.alpha_n", [1])),
            beta,
            Value($"{path}.eps", [])));

        float Value(string name, ReadOnlySpan<long> shape) => model.Tensors.Vector(name, shape).AsSpan<float>()[0];

        static float SoftPlus(float x) => (float)Math.Log(1 + Math.Exp(x));
    }
}
