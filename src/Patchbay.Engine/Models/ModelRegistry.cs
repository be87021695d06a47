namespace Patchbay.Engine.Models;

/// <summary>What builds a <c>model_type</c>, and what it is in a few words.</summary>
internal sealed record ModelFamily(Func<ModelBuilder, DecoderModel> Build, string Description);

/// <summary>Which family builds which <c>model_type</c>.</summary>
internal static class ModelRegistry
{
    private static readonly Dictionary<string, ModelFamily> s_families = new()
    {
        ["deepseek_v2"] = new(Deepseek.BuildV2, "DeepSeek-V2 and DeepSeek-Coder-V2"),
        ["deepseek_v3"] = new(Deepseek.BuildV3, "DeepSeek-V3 and DeepSeek-R1"),
        ["dots1"] = new(Dots1.Build, "dots.llm1"),
        ["ernie4_5_moe"] = new(Ernie45Moe.Build, "ERNIE 4.5, mixtures of experts"),
        ["gpt_oss"] = new(GptOss.Build, "gpt-oss"),
        ["granitemoe"] = new(GraniteMoe.Build, "Granite 3, mixtures of experts"),
        ["llama"] = new(Llama.Build, "Llama 1 to 3, SmolLM2, and what is built alike"),
        ["mixtral"] = new(Mixtral.Build, "Mixtral"),
        ["qwen2"] = new(Qwen2.Build, "Qwen2 and Qwen2.5"),
        ["qwen2_moe"] = new(Qwen2Moe.Build, "Qwen1.5-MoE and Qwen2-MoE"),
        ["qwen3"] = new(Qwen3.Build, "Qwen3, dense"),
        ["qwen3_moe"] = new(Qwen3Moe.Build, "Qwen3, mixtures of experts"),
    };

    /// <summary>The families by <c>model_type</c>.</summary>
    public static IReadOnlyDictionary<string, ModelFamily> Families => s_families;

    /// <exception cref="InvalidDataException">The type is not known, or the checkpoint does not fit it.</exception>
    public static DecoderModel Build(ModelBuilder builder) =>
        s_families.TryGetValue(builder.Config.ModelType, out var family)
            ? family.Build(builder)
            : throw builder.Config.Refuse("model_type", $"one of {string.Join(", ", s_families.Keys)}");
}
