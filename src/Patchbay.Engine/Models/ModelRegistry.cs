namespace Patchbay.Engine.Models;

/// <summary>Which family builds which <c>model_type</c>.</summary>
internal static class ModelRegistry
{
    private static readonly Dictionary<string, Func<ModelBuilder, DecoderModel>> s_families = new()
    {
        ["deepseek_v2"] = Deepseek.BuildV2,
        ["deepseek_v3"] = Deepseek.BuildV3,
        ["dots1"] = Dots1.Build,
        ["llama"] = Llama.Build,
        ["mixtral"] = Mixtral.Build,
        ["qwen2"] = Qwen2.Build,
        ["qwen2_moe"] = Qwen2Moe.Build,
        ["qwen3"] = Qwen3.Build,
        ["qwen3_moe"] = Qwen3Moe.Build,
    };

    /// <summary>The types that can be built.</summary>
    public static IEnumerable<string> ModelTypes => s_families.Keys;

    /// <exception cref="InvalidDataException">The type is not known, or the checkpoint does not fit it.</exception>
    public static DecoderModel Build(ModelBuilder builder) =>
        s_families.TryGetValue(builder.Config.ModelType, out var family)
            ? family(builder)
            : throw builder.Config.Refuse("model_type", $"one of {string.Join(", ", ModelTypes)}");
}
