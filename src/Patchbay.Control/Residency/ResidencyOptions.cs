namespace Patchbay.Control.Residency;

/// <summary>How much memory adapters may take, and how long callers wait for it.</summary>
public sealed record ResidencyOptions
{
    /// <summary>Most bytes of all versions in memory or on their way there; null does not bound them.</summary>
    public long? BudgetBytes { get; init; }

    /// <summary>Most versions that are read at the same time.</summary>
    public int MaxConcurrentLoads { get; init; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Most callers that wait for versions at the same time; one more is refused as busy.</summary>
    public int MaxWaiters { get; init; } = 4096;

    /// <summary>Longest wait for memory that others hold; after it a caller is refused as busy.</summary>
    public TimeSpan MaxWaitForRoom { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Pause after a failed load; doubles with each further failure.</summary>
    public TimeSpan FirstRetryPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause after a failed load.</summary>
    public TimeSpan LongestRetryPause { get; init; } = TimeSpan.FromMinutes(1);
}
