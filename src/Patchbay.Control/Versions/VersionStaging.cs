using System.Buffers;
using System.Security.Cryptography;

namespace Patchbay.Control.Versions;

/// <summary>
/// A version that is being copied into the store, file by file: what is hashed is what is kept. One caller at a time.
/// Dispose it at the end; whatever was not completed is taken away.
/// </summary>
public sealed class VersionStaging : IDisposable
{
    private const int CopyBytes = 1 << 20;

    private readonly VersionStore _store;
    private readonly string _path;
    private readonly IStoreFiles _files;
    private readonly StagedNames _names;
    private readonly List<(string Name, byte[] Sha256)> _hashes = [];
    private long _bytes;
    private bool _isHandedOver;
    private bool _isBroken;

    internal VersionStaging(VersionStore store, string path, IStoreFiles files)
    {
        _store = store;
        _path = path;
        _files = files;
        _names = new StagedNames(store.Limits);
    }

    internal StoreLimits Limits => _store.Limits;

    /// <summary>Copies one file. Files that never belong to a version (<c>.git</c>, <c>model.sig</c> …) are passed over unread.</summary>
    /// <param name="name">Its path inside the version, with <c>/</c> between parts.</param>
    /// <exception cref="VersionRefusedException">The file cannot be taken; the whole version is given up.</exception>
    public async Task AddAsync(string name, Stream content, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_isHandedOver || _isBroken, this);
        if (VersionFileName.IsExcluded(name))
        {
            return;
        }
        _isBroken = true; // until the file is whole
        _names.Add(name);
        if (_hashes.Count == Limits.MaxFiles)
        {
            throw new VersionRefusedException(VersionRefusal.TooLarge, $"The adapter has more than {Limits.MaxFiles} files.");
        }
        var path = Path.Combine(_path, name.Replace('/', Path.DirectorySeparatorChar));
        Stream? file = null;
        VersionStore.Guard(() =>
        {
            _files.CreateDirectory(Path.GetDirectoryName(path)!);
            file = _files.CreateFile(path);
        });
        await using (file)
        {
            _hashes.Add((name, await CopyAsync(name, content, file!, cancellation)));
            VersionStore.Guard(() => _files.Seal(file!, path));
        }
        _isBroken = false;
    }

    /// <summary>Checks the name of a folder that an archive lists; folders come with their files.</summary>
    internal void CheckFolder(string name)
    {
        if (name is not ("" or ".") && !VersionFileName.IsExcluded(name) && VersionFileName.FindProblem(name, Limits) is { } problem)
        {
            throw new VersionRefusedException(VersionRefusal.Name, $"The folder name {VersionFileName.Show(name)} {problem}.");
        }
    }

    /// <summary>Ends the version and gives it its digest.</summary>
    /// <exception cref="VersionRefusedException">There are no files, or they cannot be made durable.</exception>
    public StagedVersion Complete()
    {
        ObjectDisposedException.ThrowIf(_isHandedOver || _isBroken, this);
        var content = Unwrap();
        if (_hashes.Count == 0)
        {
            throw new VersionRefusedException(VersionRefusal.Empty, "The adapter has no files.");
        }
        // The root digest of the OpenSSF Model Signing specification, v1.0 §6; the engine computes the same.
        _hashes.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        _hashes.ForEach(file => hash.AppendData(file.Sha256));
        var digest = new VersionDigest(hash.GetHashAndReset());
        var names = _hashes.ConvertAll(file => file.Name);
        if (_store.FindFiles(digest) is { } stored)
        {
            // The digest covers the order of names, not the names: two sets of names may share it, but not one store.
            return stored.SequenceEqual(names, StringComparer.Ordinal)
                ? new StagedVersion(_store, digest, null, _bytes, names)
                : throw new VersionRefusedException(VersionRefusal.Name, "The store has a version of the same contents under other file names.");
        }
        VersionStore.Guard(() =>
        {
            foreach (var directory in Directory.EnumerateDirectories(_path, "*", SearchOption.AllDirectories).Append(_path))
            {
                _files.FlushDirectory(directory);
            }
        });
        _isHandedOver = true;
        return new StagedVersion(_store, digest, new StagedPath(_path, content), _bytes, names);
    }

    /// <summary>Takes away what was not completed.</summary>
    public void Dispose()
    {
        if (!_isHandedOver)
        {
            _store.TryDelete(_path);
            _isHandedOver = true;
        }
    }

    private async Task<byte[]> CopyAsync(string name, Stream content, Stream file, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            for (int count; (count = await ReadAsync(name, content, buffer, cancellation)) > 0;)
            {
                _bytes += count;
                if (_bytes > Limits.MaxBytes)
                {
                    throw new VersionRefusedException(VersionRefusal.TooLarge, $"The adapter has more than {Limits.MaxBytes} bytes.");
                }
                hash.AppendData(buffer, 0, count);
                try
                {
                    await file.WriteAsync(buffer.AsMemory(0, count), cancellation);
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    throw VersionStore.Translate(exception);
                }
            }
            return hash.GetHashAndReset();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<int> ReadAsync(string name, Stream content, byte[] buffer, CancellationToken cancellation)
    {
        try
        {
            return await content.ReadAsync(buffer.AsMemory(0, CopyBytes), cancellation);
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new VersionRefusedException(VersionRefusal.Source, $"{VersionFileName.Show(name)} cannot be read to its end.", exception);
        }
    }

    // Archives and browsers often put one folder around everything; it is no part of the adapter.
    private string Unwrap()
    {
        if (_names.FindWrapper() is not { } wrapper)
        {
            return _path;
        }
        var content = Path.Combine(_path, wrapper);
        for (var i = _hashes.Count - 1; i >= 0; i--)
        {
            var name = _hashes[i].Name[(wrapper.Length + 1)..];
            if (VersionFileName.IsExcluded(name))
            {
                VersionStore.Guard(() => _bytes -= _files.DeleteFile(Path.Combine(content, name)));
                _hashes.RemoveAt(i);
            }
            else
            {
                _hashes[i] = (name, _hashes[i].Sha256);
            }
        }
        return content;
    }
}
