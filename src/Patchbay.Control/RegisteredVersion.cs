namespace Patchbay.Control;

/// <summary>One version of an adapter as it was uploaded: what may answer under a name.</summary>
/// <param name="Digest">Its identity.</param>
/// <param name="Bytes">Memory that it takes; of a version that was never read, the bytes of its files.</param>
/// <param name="Created">When it was registered.</param>
/// <param name="CreatedBy">Who registered it.</param>
public sealed record RegisteredVersion(VersionDigest Digest, long Bytes, DateTimeOffset Created, string CreatedBy)
{
    /// <summary>The largest rank of its matrices; null where it has none.</summary>
    public int? Rank { get; init; }

    /// <summary>What kind of adapter it is, such as <c>LoRA</c>.</summary>
    public string? Kind { get; init; }

    /// <summary>What its probes said before it became visible.</summary>
    public VersionProbe Probe { get; init; } = VersionProbe.None;

    /// <summary>Why it was uploaded.</summary>
    public string? Reason { get; init; }

    /// <summary>A remark of the one who uploaded it.</summary>
    public string? Note { get; init; }
}

/// <summary>What probes said of a version.</summary>
/// <param name="Checks">How many of them there were.</param>
/// <param name="Detail">What failed or was noticed, in one sentence.</param>
public sealed record VersionProbe(ProbeOutcome Outcome, int Checks, string? Detail)
{
    /// <summary>Nothing was tried.</summary>
    public static VersionProbe None { get; } = new(ProbeOutcome.None, 0, null);
}

/// <summary>How the probes of a version ended.</summary>
public enum ProbeOutcome
{
    /// <summary>Nothing was tried.</summary>
    None,

    /// <summary>All recorded answers came out.</summary>
    Passed,

    /// <summary>A recorded answer did not come out.</summary>
    Failed,

    /// <summary>There were no recorded answers; the version computes finite numbers.</summary>
    Sanity,
}
