namespace Patchbay.Control.Versions;

/// <summary>
/// A complete, hashed, read-only copy that nobody sees yet: look at it, then <see cref="Publish"/> it, or dispose it and
/// nothing is left.
/// </summary>
public sealed class StagedVersion : IDisposable
{
    private readonly VersionStore _store;
    private readonly StagedPath? _staged;
    private bool _isDone;

    internal StagedVersion(VersionStore store, VersionDigest digest, StagedPath? staged, long bytes, IReadOnlyList<string> files)
    {
        _store = store;
        _staged = staged;
        Digest = digest;
        Bytes = bytes;
        Files = files;
        DirectoryPath = staged?.Content ?? store.PathOf(digest);
    }

    /// <summary>Its identity.</summary>
    public VersionDigest Digest { get; }

    /// <summary>Bytes of its files.</summary>
    public long Bytes { get; }

    /// <summary>Paths of its files inside the version, in the order of the digest.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Whether the store did not have these bytes before.</summary>
    public bool IsNew => _staged is not null;

    /// <summary>Where its files are now.</summary>
    public string DirectoryPath { get; private set; }

    /// <summary>Makes it a version of the store by one rename; of the same bytes only the first copy stays.</summary>
    /// <exception cref="VersionRefusedException">The store cannot be written; dispose it.</exception>
    public void Publish()
    {
        if (!_isDone && _staged is not null)
        {
            _store.Publish(Digest, _staged.Content, Bytes);
            // What is left: nothing, the folder that was around the files, or a copy that was not the first.
            _store.TryDelete(_staged.Directory);
        }
        _isDone = true;
        DirectoryPath = _store.PathOf(Digest);
    }

    /// <summary>Takes the copy away unless it was published.</summary>
    public void Dispose()
    {
        if (!_isDone && _staged is not null)
        {
            _store.TryDelete(_staged.Directory);
        }
        _isDone = true;
    }
}
