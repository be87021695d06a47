namespace Patchbay.Control.Tests;

/// <summary>One state of aliases after the other, as a command leaves them.</summary>
internal sealed class AliasTable
{
    public AliasSnapshot Snapshot { get; private set; } = AliasSnapshot.Empty;

    public AliasChange Set(string name, VersionDigest digest, long? expectedGeneration = null)
    {
        Snapshot = Snapshot.Set(name, digest, expectedGeneration, out var change);
        return change;
    }

    public AliasChange Remove(string name, long? expectedGeneration = null)
    {
        Snapshot = Snapshot.Remove(name, expectedGeneration, out var change);
        return change;
    }

    public DefaultChange SetDefault(string? name, long? expectedGeneration = null)
    {
        Snapshot = Snapshot.SetDefault(name, expectedGeneration, out var change);
        return change;
    }
}
