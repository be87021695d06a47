using Patchbay.Control;
using Patchbay.Engine;

namespace Patchbay.Server.Adapters;

/// <summary>What became of loading an adapter under a name.</summary>
internal enum LoadOutcome
{
    /// <summary>The name stands for the version that was read.</summary>
    Loaded,

    /// <summary>The name is in use and the caller did not ask to replace it.</summary>
    AlreadyLoaded,

    /// <summary>The engine does not apply this adapter exactly, or its files are damaged.</summary>
    Refused,

    /// <summary>There are as many names as the operator allows.</summary>
    TooMany,
}

/// <summary>The result of a load: the alias and its version where it succeeded, the reason where it did not.</summary>
internal sealed record LoadResult(LoadOutcome Outcome, AdapterAlias? Alias = null, AdapterVersion? Version = null, string? Problem = null);

/// <summary>What became of a switch of the default.</summary>
internal enum SwitchOutcome
{
    /// <summary>Every later request that names no model is answered by the target.</summary>
    Switched,

    /// <summary>No adapter has this name, in memory or in the adapters directory.</summary>
    Unknown,

    /// <summary>The default moved since the caller looked.</summary>
    GenerationMismatch,

    /// <summary>The adapter had to be loaded first and was not accepted.</summary>
    Refused,
}

/// <summary>The result of a switch, with the default before and after it and how long each step took.</summary>
internal sealed record SwitchResult(SwitchOutcome Outcome, DefaultAlias Previous, DefaultAlias Current, SwitchTimings Timings, string? Problem = null);

/// <summary>Milliseconds of each step of a switch.</summary>
/// <param name="Resolve">Finding the name.</param>
/// <param name="Load">Reading, checking and packing; 0 for a resident adapter.</param>
/// <param name="Verify">Proving with a lease that the version is resident.</param>
/// <param name="Switch">The compare-and-set itself.</param>
/// <param name="Total">All of it.</param>
internal readonly record struct SwitchTimings(double Resolve, double Load, double Verify, double Switch, double Total);
