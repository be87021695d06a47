namespace Patchbay.Engine.Models;

/// <summary>Seed-OSS: Llama with biases of its own choice.</summary>
internal static class SeedOss
{
    public static DecoderModel Build(ModelBuilder model) => Llama.Build(model, new LlamaDifferences
    {
        QueryKeyValueBias = model.Config.Boolean("attention_bias", true),
        OutputBias = model.Config.Boolean("attention_out_bias", false),
        MlpBias = model.Config.Boolean("mlp_bias", false),
    });
}
