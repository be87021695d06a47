namespace Patchbay.Control.Residency;

/// <summary>Where one version is now.</summary>
/// <param name="Digest">The version.</param>
/// <param name="Tier">How far it is from answering.</param>
/// <param name="Bytes">Memory that it takes, or is expected to take.</param>
/// <param name="Leases">Leases that are held now.</param>
/// <param name="IsPinned">Whether it never makes room.</param>
/// <param name="Priority">The class by which it makes room.</param>
/// <param name="LastUsed">When it was leased last; null for never.</param>
/// <param name="LoadTime">How long its last load took; null where there was none.</param>
/// <param name="Problem">Why its last load failed; null where it did not.</param>
public sealed record ResidentState(
    VersionDigest Digest,
    AdapterTier Tier,
    long Bytes,
    int Leases,
    bool IsPinned,
    AdapterPriority Priority,
    DateTimeOffset? LastUsed,
    TimeSpan? LoadTime,
    string? Problem);

/// <summary>The memory of all versions together.</summary>
/// <param name="BudgetBytes">Most bytes; null is without a bound.</param>
/// <param name="ReadyBytes">Of versions in memory, removed ones with leases included.</param>
/// <param name="ReservedBytes">For versions that are read just now.</param>
/// <param name="Waiters">Callers that wait for a version.</param>
/// <param name="Loads">Loads that succeeded since the start.</param>
/// <param name="Evictions">Versions that made room for others since the start.</param>
public sealed record ResidencyTotals(long? BudgetBytes, long ReadyBytes, long ReservedBytes, int Waiters, long Loads, long Evictions);
