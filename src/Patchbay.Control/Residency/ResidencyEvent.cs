namespace Patchbay.Control.Residency;

/// <summary>What happened to a version's memory.</summary>
public enum ResidencyEventKind
{
    /// <summary>It was read and can be leased.</summary>
    Loaded,

    /// <summary>Its load failed.</summary>
    Failed,

    /// <summary>It made room for another version.</summary>
    EvictedForRoom,

    /// <summary>An operator unloaded it.</summary>
    Unloaded,

    /// <summary>It was removed, and its last lease has ended.</summary>
    Removed,
}

/// <summary>Something that happened to a version's memory; told after it happened, outside of all locks.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Digest">The version.</param>
/// <param name="Bytes">Memory that it takes.</param>
/// <param name="Elapsed">How long the load took.</param>
/// <param name="Problem">Why a load failed.</param>
public sealed record ResidencyEvent(
    ResidencyEventKind Kind, VersionDigest Digest, long Bytes, TimeSpan Elapsed = default, Exception? Problem = null);
