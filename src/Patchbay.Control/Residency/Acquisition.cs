namespace Patchbay.Control.Residency;

/// <summary>What became of asking for a version.</summary>
public enum AcquireOutcome
{
    /// <summary>It is in memory and leased to the caller.</summary>
    Leased,

    /// <summary>Nobody registered this version, or it was removed meanwhile.</summary>
    Unknown,

    /// <summary>Its load failed.</summary>
    Failed,

    /// <summary>All memory is leased now, or too many callers wait; later it may work.</summary>
    Busy,

    /// <summary>It does not fit into the memory for adapters beside what is pinned.</summary>
    NoRoom,
}

/// <summary>The result of asking for a version.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Lease">The caller's to dispose; null unless leased.</param>
/// <param name="Problem">One sentence for the caller; null where leased.</param>
/// <param name="RetryAfter">When another try may succeed; null where only a change by the operator helps.</param>
public readonly record struct Acquisition<TLease>(AcquireOutcome Outcome, TLease? Lease, string? Problem = null, TimeSpan? RetryAfter = null)
    where TLease : class, IDisposable;

/// <summary>What became of an operator's wish to unload.</summary>
public enum UnloadOutcome
{
    /// <summary>Its memory is free.</summary>
    Unloaded,

    /// <summary>Running answers hold it; it goes with the last of them.</summary>
    WhenFree,

    /// <summary>It is not in memory.</summary>
    NotLoaded,
}
