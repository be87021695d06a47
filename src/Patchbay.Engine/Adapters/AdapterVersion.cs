namespace Patchbay.Engine;

/// <summary>What is known of one loaded adapter version. Immutable.</summary>
/// <param name="Digest">Its identity.</param>
/// <param name="Kind"><c>LoRA</c>, <c>rsLoRA</c> or <c>DoRA</c>.</param>
/// <param name="Rank">The largest rank of its modules.</param>
/// <param name="Alpha"><c>lora_alpha</c> of its configuration.</param>
/// <param name="TargetModules">Last parts of the names of the modules it changes, sorted.</param>
/// <param name="ModuleCount">Modules it changes.</param>
/// <param name="StoredAs">Type of its tensors, for example <c>BF16</c>.</param>
/// <param name="FileBytes">Bytes of all its files.</param>
/// <param name="MemoryBytes">Bytes it takes when loaded.</param>
/// <param name="BaseModel">What its configuration says it was trained on.</param>
public sealed record AdapterVersion(
    AdapterDigest Digest,
    string Kind,
    int Rank,
    double Alpha,
    IReadOnlyList<string> TargetModules,
    int ModuleCount,
    string StoredAs,
    long FileBytes,
    long MemoryBytes,
    string? BaseModel)
{
    /// <summary>Which revision of it, such as a commit; null where the configuration names none.</summary>
    public string? BaseRevision { get; init; }
}
