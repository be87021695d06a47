namespace Patchbay.Engine.Models;

/// <summary>What builds a <c>model_type</c>, and what it is in a few words.</summary>
internal sealed record ModelFamily(Func<ModelBuilder, DecoderModel> Build, string Description);

/// <summary>Which family builds which <c>model_type</c>.</summary>
internal static class ModelRegistry
{
    private static readonly Dictionary<string, ModelFamily> s_families = new()
    {
        ["llama"] = new(Llama.Build, "Llama 1 to 3, SmolLM2, and what is built alike"),
        ["qwen2"] = new(Qwen2.Build, "Qwen2 and Qwen2.5"),
        ["qwen3"] = new(Qwen3.Build, "Qwen3, dense"),
    };

    /// <summary>The families by <c>model_type</c>.</summary>
    public static IReadOnlyDictionary<string, ModelFamily> Families => s_families;

    /// <exception cref="InvalidDataException">The type is not known, or the checkpoint does not fit it.</exception>
    public static DecoderModel Build(ModelBuilder builder) =>
        s_families.TryGetValue(builder.Config.ModelType, out var family)
            ? family.Build(builder)
            : throw builder.Config.Refuse("model_type", $"one of {string.Join(", ", s_families.Keys)}");
}
