using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Patchbay.Control.Versions;

/// <summary>
/// The files of adapter versions on disk, by digest: <c>versions/sha256-HEX/</c>, read-only, each put there by one rename.
/// What is being copied is in <c>staging/</c> beside it, which is emptied at start. Knows no names of adapters.
/// </summary>
public sealed class VersionStore
{
    private readonly ConcurrentDictionary<VersionDigest, long> _versions = new();
    private readonly string _versionsPath;
    private readonly string _stagingPath;
    private readonly IStoreFiles _files;
    private readonly Lock _names = new();
    private long _nextStaging;

    private VersionStore(string directory, StoreLimits limits, IStoreFiles files)
    {
        _versionsPath = Path.Combine(directory, "versions");
        _stagingPath = Path.Combine(directory, "staging");
        _files = files;
        Limits = limits;
    }

    /// <summary>What one version may have at most.</summary>
    public StoreLimits Limits { get; }

    /// <summary>Every version whose files are here.</summary>
    public IReadOnlyCollection<VersionDigest> Versions => [.. _versions.Keys];

    /// <summary>Opens a store for this process alone, making its directories, and takes away what a crash left half-done.</summary>
    /// <exception cref="VersionRefusedException">The directory cannot be written.</exception>
    public static VersionStore Open(string directory, StoreLimits? limits = null) =>
        Open(directory, limits ?? new StoreLimits(), DiskFiles.Instance);

    /// <summary>Opens a store that ends with this process, so that nothing waits for the disk.</summary>
    /// <exception cref="VersionRefusedException">The directory cannot be written.</exception>
    internal static VersionStore OpenTemporary(string directory) => Open(directory, new StoreLimits(), DiskFiles.Temporary);

    internal static VersionStore Open(string directory, StoreLimits limits, IStoreFiles files)
    {
        var store = new VersionStore(directory, limits, files);
        Guard(() =>
        {
            files.CreateDirectory(store._versionsPath);
            files.CreateDirectory(store._stagingPath);
            foreach (var left in Directory.EnumerateDirectories(store._stagingPath))
            {
                files.Delete(left);
            }
            foreach (var path in Directory.EnumerateDirectories(store._versionsPath))
            {
                if (TryParseName(Path.GetFileName(path), out var digest))
                {
                    store._versions[digest] = Measure(path);
                }
            }
        });
        return store;
    }

    /// <summary>Whether the files of a version are here.</summary>
    public bool Contains(VersionDigest digest) => _versions.ContainsKey(digest);

    /// <summary>Finds the directory of a version.</summary>
    public bool TryGetPath(VersionDigest digest, [NotNullWhen(true)] out string? path)
    {
        path = _versions.ContainsKey(digest) ? PathOf(digest) : null;
        return path is not null;
    }

    /// <summary>Bytes of a version's files; 0 where it is not here.</summary>
    public long Bytes(VersionDigest digest) => _versions.GetValueOrDefault(digest);

    /// <summary>Takes a version's files away: it is gone by one rename, whatever interrupts the rest.</summary>
    /// <returns>False where it is not here or cannot be taken away.</returns>
    public bool Remove(VersionDigest digest)
    {
        var aside = NextStagingPath();
        lock (_names)
        {
            if (!_versions.ContainsKey(digest))
            {
                return false;
            }
            try
            {
                _files.Rename(PathOf(digest), aside);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return false;
            }
            _versions.TryRemove(digest, out _);
        }
        TryDelete(aside);
        return true;
    }

    /// <summary>Begins a version whose files come one by one; disposing it before it is complete leaves nothing.</summary>
    /// <exception cref="VersionRefusedException">The store cannot be written.</exception>
    public VersionStaging BeginStaging()
    {
        var path = NextStagingPath();
        Guard(() => _files.CreateDirectory(path));
        return new VersionStaging(this, path, _files);
    }

    /// <summary>Copies a directory, hashing what is copied.</summary>
    /// <exception cref="VersionRefusedException">The files cannot be taken; nothing of them is left.</exception>
    public Task<StagedVersion> StageDirectoryAsync(string directory, CancellationToken cancellation) =>
        StageAsync(staging => new DirectorySource(directory, Limits).CopyAsync(staging, cancellation));

    /// <summary>Copies the files of a tar archive, compressed with gzip or not, hashing what is copied.</summary>
    /// <exception cref="VersionRefusedException">The files cannot be taken; nothing of them is left.</exception>
    public Task<StagedVersion> StageTarAsync(Stream archive, CancellationToken cancellation) =>
        StageAsync(staging => TarSource.CopyAsync(archive, staging, cancellation));

    internal string PathOf(VersionDigest digest) =>
        Path.Combine(_versionsPath, $"sha256-{digest.ToString().AsSpan(VersionDigest.Algorithm.Length)}");

    /// <summary>Makes a complete directory of the staging area a version; false where the same bytes were faster.</summary>
    internal bool Publish(VersionDigest digest, string staged, long bytes)
    {
        lock (_names)
        {
            if (_versions.ContainsKey(digest))
            {
                return false;
            }
            Guard(() =>
            {
                if (Directory.Exists(PathOf(digest)))
                {
                    // Left by a publication whose undoing failed too.
                    _files.Rename(PathOf(digest), NextStagingPath());
                }
                _files.Rename(staged, PathOf(digest));
                try
                {
                    _files.FlushDirectory(_versionsPath);
                }
                catch
                {
                    // Not durable is not published.
                    _files.Rename(PathOf(digest), staged);
                    throw;
                }
            });
            _versions[digest] = bytes;
            return true;
        }
    }

    /// <summary>Paths of a stored version's files in the order of the digest; null where it is not here.</summary>
    internal List<string>? FindFiles(VersionDigest digest)
    {
        // A removal in the midst of it would show a part.
        lock (_names)
        {
            if (!TryGetPath(digest, out var path))
            {
                return null;
            }
            var files = Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(path, file).Replace(Path.DirectorySeparatorChar, '/')).ToList();
            files.Sort(StringComparer.Ordinal);
            return files;
        }
    }

    /// <summary>Takes a directory away; what cannot be taken away now goes at the next start.</summary>
    internal void TryDelete(string path)
    {
        try
        {
            _files.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is in the staging directory, where nothing is ever read from.
        }
    }

    /// <summary>Runs a step on the store's disk and says in the store's own words what went wrong.</summary>
    internal static void Guard(Action step)
    {
        try
        {
            step();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Translate(exception);
        }
    }

    internal static VersionRefusedException Translate(Exception exception)
    {
        // ENOSPC and EDQUOT; ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL on Windows.
        var isFull = exception is IOException && exception.HResult is 28 or 122 or 69 or unchecked((int)0x80070070) or unchecked((int)0x80070027);
        return isFull
            ? new VersionRefusedException(VersionRefusal.NoRoom, "The disk of the version store is full; nothing was kept.", exception)
            : new VersionRefusedException(VersionRefusal.Store, "The version store cannot be written; nothing was kept.", exception);
    }

    private async Task<StagedVersion> StageAsync(Func<VersionStaging, Task> copy)
    {
        using var staging = BeginStaging();
        await copy(staging);
        return staging.Complete();
    }

    private string NextStagingPath() => Path.Combine(_stagingPath, Interlocked.Increment(ref _nextStaging).ToString(System.Globalization.CultureInfo.InvariantCulture));

    private static bool TryParseName(string name, out VersionDigest digest)
    {
        digest = default;
        return name.StartsWith("sha256-", StringComparison.Ordinal) && VersionDigest.TryParse($"sha256:{name[7..]}", out digest);
    }

    private static long Measure(string path) =>
        new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
}
