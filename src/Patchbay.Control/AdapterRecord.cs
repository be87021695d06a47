using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Patchbay.Control;

/// <summary>How dear an adapter is to the operator: the lower ones are unloaded first.</summary>
public enum AdapterPriority
{
    /// <summary>Goes first.</summary>
    Low,

    /// <summary>Where nobody said anything.</summary>
    Normal,

    /// <summary>Goes after the normal ones.</summary>
    High,

    /// <summary>Goes last.</summary>
    Critical,
}

/// <summary>Everything that is known of one adapter name, apart from which version answers now.</summary>
/// <param name="Name">The name as callers write it.</param>
/// <param name="Versions">Its versions in the order of their registration; never empty.</param>
public sealed record AdapterRecord(string Name, ImmutableArray<RegisteredVersion> Versions)
{
    /// <summary>Most former releases that are remembered.</summary>
    public const int MaxReleases = 32;

    /// <summary>Whether its current version stays in memory.</summary>
    public bool IsPinned { get; init; }

    /// <summary>How dear it is.</summary>
    public AdapterPriority Priority { get; init; } = AdapterPriority.Normal;

    /// <summary>The versions that answered before the present one, last one last: what rollbacks go back to.</summary>
    public ImmutableArray<VersionDigest> Releases { get; init; } = [];

    /// <summary>Finds a version of this adapter.</summary>
    public bool TryGet(VersionDigest digest, [NotNullWhen(true)] out RegisteredVersion? version)
    {
        version = Versions.FirstOrDefault(candidate => candidate.Digest == digest);
        return version is not null;
    }

    /// <summary>Finds the versions whose digest begins with these digits, after <c>sha256:</c> or not.</summary>
    /// <returns>None where the text is no prefix of 8 to 64 hexadecimal digits.</returns>
    public IReadOnlyList<RegisteredVersion> Find(string digestOrPrefix)
    {
        var digits = digestOrPrefix.StartsWith(VersionDigest.Algorithm, StringComparison.Ordinal)
            ? digestOrPrefix[VersionDigest.Algorithm.Length..]
            : digestOrPrefix;
        return digits.Length >= Routing.ModelRouter.MinDigestDigits ? [.. Versions.Where(version => version.Digest.StartsWith(digits))] : [];
    }
}
