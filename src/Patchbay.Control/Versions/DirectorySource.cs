namespace Patchbay.Control.Versions;

/// <summary>Copies the files of a directory, and notices when somebody changes them meanwhile.</summary>
internal sealed class DirectorySource(string directory, StoreLimits limits)
{
    /// <exception cref="VersionRefusedException">A file is no regular one, cannot be read or changed meanwhile.</exception>
    public async Task CopyAsync(VersionStaging staging, CancellationToken cancellation)
    {
        var before = List();
        foreach (var (name, stamp) in before)
        {
            await CopyAsync(staging, name, stamp, cancellation);
        }
        var after = List();
        if (before.Count != after.Count || before.Any(file => after.GetValueOrDefault(file.Key) != file.Value))
        {
            throw new VersionRefusedException(VersionRefusal.Source, "The directory changed while it was read; try again when it is whole.");
        }
    }

    private async Task CopyAsync(VersionStaging staging, string name, FileStamp stamp, CancellationToken cancellation)
    {
        // Pipes, sockets and devices have no length either: opening one could wait for ever.
        await using var stream = stamp.Length == 0 ? Stream.Null : Open(name);
        var counted = new CountedStream(stream);
        await staging.AddAsync(name, counted, cancellation);
        if (counted.Count != stamp.Length)
        {
            throw new VersionRefusedException(
                VersionRefusal.Source,
                $"{VersionFileName.Show(name)} changed while it was read: expected {stamp.Length} bytes, found {counted.Count}.");
        }
    }

    private FileStream Open(string name)
    {
        try
        {
            return new FileStream(
                Path.Combine(directory, name), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new VersionRefusedException(VersionRefusal.Source, $"{VersionFileName.Show(name)} cannot be opened.", exception);
        }
    }

    private SortedDictionary<string, FileStamp> List()
    {
        var found = new SortedDictionary<string, FileStamp>(StringComparer.Ordinal);
        try
        {
            Walk(new DirectoryInfo(directory), "", found);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new VersionRefusedException(VersionRefusal.Source, "The adapter directory cannot be read.", exception);
        }
        return found;
    }

    private void Walk(DirectoryInfo folder, string prefix, SortedDictionary<string, FileStamp> found)
    {
        foreach (var entry in folder.EnumerateFileSystemInfos())
        {
            var name = prefix + entry.Name;
            if (VersionFileName.IsExcluded(name))
            {
                continue;
            }
            if (entry.LinkTarget is not null)
            {
                throw new VersionRefusedException(VersionRefusal.Kind, $"{VersionFileName.Show(name)} is a symbolic link; expected regular files only.");
            }
            if (entry is FileInfo file)
            {
                found.Add(name, new FileStamp(file.Length, file.LastWriteTimeUtc));
                continue;
            }
            if (found.Count > limits.MaxFiles || name.Count(unit => unit == '/') >= limits.MaxDepth)
            {
                throw new VersionRefusedException(VersionRefusal.TooLarge, $"The adapter has more than {limits.MaxFiles} files or folders deeper than {limits.MaxDepth}.");
            }
            Walk((DirectoryInfo)entry, name + "/", found);
        }
    }

    private readonly record struct FileStamp(long Length, DateTime Written);
}
