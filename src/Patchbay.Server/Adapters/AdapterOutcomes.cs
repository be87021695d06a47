using Patchbay.Control;
using Patchbay.Engine;
using Patchbay.Server.Http;

namespace Patchbay.Server.Adapters;

/// <summary>What a command did, or why not; exactly one of the two is null.</summary>
internal readonly record struct CommandAnswer<T>(T? Value, ApiError? Error)
    where T : class
{
    public static implicit operator CommandAnswer<T>(T value) => new(value, null);

    public static implicit operator CommandAnswer<T>(ApiError error) => new(null, error);
}

/// <summary>How a version comes in.</summary>
/// <param name="Release">Whether it answers from now on.</param>
/// <param name="ExpectedGeneration">The alias's generation that the caller last saw; 0 says that the name is new.</param>
/// <param name="IsStart">
/// Whether it was found at start: the start's report tells of it instead of the log, and without recorded probes it is not tried
/// out, which would make everybody wait for the engine's first step.
/// </param>
internal sealed record UploadWish(bool Release = true, long? ExpectedGeneration = null, bool IsStart = false);

/// <summary>A version that came in.</summary>
/// <param name="Alias">The name and what it stands for now; null while nothing of it was released.</param>
/// <param name="Version">What it holds; null where it was taken without looking.</param>
internal sealed record UploadedVersion(
    string Name, VersionDigest Digest, AdapterAlias? Alias, VersionDigest? Previous, bool IsReleased, bool IsNew, long Bytes, AdapterVersion? Version)
{
    public VersionProbe Probe { get; init; } = VersionProbe.None;

    public IReadOnlyList<string> Warnings { get; init; } = [];

    public double LoadMilliseconds { get; init; }
}

/// <summary>A name that changed its version.</summary>
internal sealed record ReleasedVersion(AdapterAlias Alias, VersionDigest? Previous, double SwitchMilliseconds);

/// <summary>A version that was loaded, and how long its last load took.</summary>
internal sealed record LoadedVersion(VersionDigest Digest, TimeSpan? LoadTime);

/// <summary>A default that changed.</summary>
internal sealed record SwitchedDefault(DefaultAlias Previous, DefaultAlias Current, SwitchTimings Timings);

/// <summary>Milliseconds of each step of a switch.</summary>
/// <param name="Resolve">Finding the name.</param>
/// <param name="Load">Reading, checking and packing; 0 for a version in memory.</param>
/// <param name="Verify">Proving with a lease that the version is in memory.</param>
/// <param name="Switch">Journal and compare-and-set.</param>
/// <param name="Total">All of it.</param>
internal readonly record struct SwitchTimings(double Resolve, double Load, double Verify, double Switch, double Total);
