namespace Patchbay.Engine.Models;

/// <summary>StarCoder2: Llama with LayerNorm, biases, a plain feed-forward network and a window.</summary>
internal static class Starcoder2
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        config.Require("mlp_type", "default");
        config.Require("norm_type", "layer_norm");
        config.Require("scale_attn_weights", "true");

        // Published configurations carry it beside hidden_act, which is what counts.
        config.Ignore("activation_function");
        var bias = config.Boolean("use_bias", true);
        var activation = model.Activation(fallback: "gelu_pytorch_tanh");
        return Llama.Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = bias,
            OutputBias = bias,
            TiesByDefault = true,
            Norm = path => model.LayerNorm(path, config.HiddenSize),
            Attention = (_, parts) => parts with { Window = config.SlidingWindow },
            FeedForward = layer => model.Mlp(
                $"{Llama.MlpPath(layer)}.c_fc", $"{Llama.MlpPath(layer)}.c_proj", config.IntermediateSize, bias, activation),
        });
    }
}
