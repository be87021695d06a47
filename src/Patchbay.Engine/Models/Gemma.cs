using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>Gemma: Llama with scaled embeddings, GELU, and norms that store the distance of their weight from 1.</summary>
internal static class Gemma
{
    public static DecoderModel Build(ModelBuilder model)
    {
        model.Config.Require("use_bidirectional_attention", "false");

        // Versions of transformers differ in which of the two they follow.
        model.Config.Require("hidden_activation", model.Config.Text("hidden_act") ?? "gelu_pytorch_tanh");
        var bias = model.Config.Boolean("attention_bias", false);
        var activation = model.Activation(fallback: "gelu_pytorch_tanh");
        return Llama.Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = bias,
            OutputBias = bias,
            TiesByDefault = true,
            Norm = path => Norm(model, path, model.Config.HiddenSize),
            FeedForward = layer => model.GatedMlp(Llama.MlpPath(layer), activation: activation),
            Frame = frame => frame with { EmbeddingScale = EmbeddingScale(model) },
        });
    }

    public static RmsNorm Norm(ModelBuilder model, string path, int width) => model.RmsNorm(path, width, weightOffset: 1);

    /// <summary>√hidden.</summary>
    public static float EmbeddingScale(ModelBuilder model) => (float)Math.Sqrt(model.Config.HiddenSize);
}
