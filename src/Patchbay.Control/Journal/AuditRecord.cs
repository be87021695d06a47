namespace Patchbay.Control.Journal;

/// <summary>What somebody did: the part of an audit entry that is known before it has its place in the chain.</summary>
/// <param name="Time">When it was done; kept to the millisecond.</param>
/// <param name="Actor">Who did it: the name of a key, or <c>local</c>.</param>
/// <param name="Action">What was done, such as <c>adapter.release</c>.</param>
/// <param name="Target">What it was done to, such as the name of an adapter.</param>
public sealed record AuditRecord(DateTimeOffset Time, string Actor, string Action, string Target)
{
    /// <summary>The version that answered before.</summary>
    public VersionDigest? From { get; init; }

    /// <summary>The version that answers from now on.</summary>
    public VersionDigest? To { get; init; }

    /// <summary>Why, in the words of the actor.</summary>
    public string? Reason { get; init; }

    /// <summary>The request that caused it.</summary>
    public string? RequestId { get; init; }

    /// <summary>A JSON object with what else is worth knowing.</summary>
    public string? Details { get; init; }
}
