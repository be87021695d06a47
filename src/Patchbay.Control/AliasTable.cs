namespace Patchbay.Control;

/// <summary>
/// Which adapter version each name stands for. Readers take <see cref="Snapshot"/> (one volatile read); every change
/// replaces it as a whole. Knows names and digests only: what a version is and whether it is in memory is the caller's matter.
/// </summary>
public sealed class AliasTable
{
    private readonly Lock _writes = new();
    private volatile AliasSnapshot _snapshot = AliasSnapshot.Empty;

    /// <summary>The present state.</summary>
    public AliasSnapshot Snapshot => _snapshot;

    /// <summary>Points a name to a version, making the name if there is none.</summary>
    /// <param name="expectedGeneration">What the caller last saw; 0 says that the name is new. Null does not check.</param>
    public AliasChange Set(string name, VersionDigest digest, long? expectedGeneration = null)
    {
        lock (_writes)
        {
            _snapshot = _snapshot.Set(name, digest, expectedGeneration, out var change);
            return change;
        }
    }

    /// <summary>Takes a name away. A name that answers the default stays: another has to be chosen first.</summary>
    public AliasChange Remove(string name, long? expectedGeneration = null)
    {
        lock (_writes)
        {
            _snapshot = _snapshot.Remove(name, expectedGeneration, out var change);
            return change;
        }
    }

    /// <summary>Chooses what answers requests that name no model; null is the base model.</summary>
    /// <param name="expectedGeneration">The generation of the default that the caller last saw; null does not check.</param>
    public DefaultChange SetDefault(string? name, long? expectedGeneration = null)
    {
        lock (_writes)
        {
            _snapshot = _snapshot.SetDefault(name, expectedGeneration, out var change);
            return change;
        }
    }
}
