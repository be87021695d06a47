using Patchbay.Engine;

namespace Patchbay.Server.Hosting;

/// <summary>What a server found when it started.</summary>
/// <param name="BaseName">What the base model is called in requests.</param>
/// <param name="Model">The base model.</param>
/// <param name="Adapters">What answers, and what was refused, in the order of names.</param>
public sealed record StartReport(string BaseName, ModelInfo Model, IReadOnlyList<FoundAdapter> Adapters);

/// <summary>One adapter: its version, or why it is not served.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">The version; null where it was refused, or is read at its first use.</param>
/// <param name="Problem">Why it was refused; null where it is served.</param>
public sealed record FoundAdapter(string Name, AdapterVersion? Version, string? Problem)
{
    /// <summary>The version's digest; null where it was refused.</summary>
    public string? Digest { get; init; }
}
