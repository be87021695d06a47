using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Patchbay.Control;
using Patchbay.Server.Hosting;

namespace Patchbay.Server.Adapters;

/// <summary>What the operator decided about the adapters directory.</summary>
/// <param name="IsLazy">Whether adapters are read at their first use only.</param>
/// <param name="Releases">Whether a changed folder answers at once, or is only kept as a version.</param>
/// <param name="Interval">Time between two looks.</param>
/// <param name="SettleTime">How long a folder must stay as it is before it counts as whole.</param>
internal sealed record DirectoryOptions(bool IsLazy, bool Releases, TimeSpan Interval, TimeSpan SettleTime);

/// <summary>
/// Brings the folders of the adapters directory in: all of them at start, later those that are new or changed. A folder is taken
/// when it has stopped changing and is accepted by the door; one that is half-copied is neither. A folder that
/// goes away takes nothing with it.
/// </summary>
internal sealed partial class DirectoryIntake(
    AdapterService adapters, AdapterCommands commands, DirectoryOptions options, SeenFolders seen, TimeProvider time, ILogger<DirectoryIntake> logger)
{
    private static readonly CommandOrigin s_origin = new("directory", "found in the adapters directory");

    private AdapterManifest _manifest = AdapterManifest.Empty;

    // Folders that differ from what was dealt with, with their state and since when they have had it.
    private readonly Dictionary<string, (string Fingerprint, long Since)> _changing = new(StringComparer.Ordinal);

    /// <summary>Whether an adapter waits for its first use.</summary>
    public bool IsLazy(string name) => options.IsLazy || _manifest.Adapters.Any(entry => entry.Name == name && entry.Load == LoadTime.Lazy);

    /// <summary>Brings in every folder that was not dealt with in its present state.</summary>
    public async Task<IReadOnlyList<FoundAdapter>> TakeAllAsync(CancellationToken cancellation)
    {
        try
        {
            _manifest = AdapterManifest.Read(adapters.Directory.Root);
        }
        catch (InvalidDataException broken)
        {
            Log.BrokenManifest(logger, broken.Message);
            return [new FoundAdapter(AdapterManifest.FileName, null, broken.Message)];
        }
        var folders = adapters.Directory.Scan();
        var found = new ConcurrentDictionary<string, FoundAdapter>(StringComparer.Ordinal);
        var parallel = new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount };
        await Parallel.ForEachAsync(folders, parallel, async (folder, token) =>
        {
            if (FolderFingerprint.Of(folder.Path) is { } fingerprint && !seen.Contains(folder.Name, fingerprint))
            {
                found[folder.Name] = await TakeAsync(_manifest.Of(folder.Name), folder.Path, fingerprint, isStart: true, token);
            }
        });
        return [.. folders.Where(folder => found.ContainsKey(folder.Name)).Select(folder => found[folder.Name])];
    }

    /// <summary>Looks again and again until it is cancelled.</summary>
    public async Task WatchAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(options.Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                await LookAsync(cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    /// <summary>One look: notes what changes, takes what has stopped changing.</summary>
    public async Task LookAsync(CancellationToken cancellation)
    {
        try
        {
            var folders = adapters.Directory.Scan();
            NoteGone(folders);
            foreach (var (folder, path) in folders)
            {
                if (FolderFingerprint.Of(path) is { } fingerprint && HasSettled(folder, fingerprint))
                {
                    _manifest = AdapterManifest.Read(adapters.Directory.Root);
                    await TakeAsync(_manifest.Of(folder), path, fingerprint, isStart: false, cancellation);
                }
            }
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            // Whatever it was, the next look comes; the versions that are served do not depend on it.
            Log.CannotLook(logger, problem);
        }
    }

    private bool HasSettled(string folder, string fingerprint)
    {
        if (seen.Contains(folder, fingerprint))
        {
            _changing.Remove(folder);
            return false;
        }
        if (!_changing.TryGetValue(folder, out var state) || state.Fingerprint != fingerprint)
        {
            _changing[folder] = (fingerprint, time.GetTimestamp());
            return false;
        }
        return time.GetElapsedTime(state.Since) >= options.SettleTime;
    }

    private void NoteGone(IReadOnlyList<(string Name, string Path)> folders)
    {
        var present = folders.Select(folder => folder.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in seen.Folders.Where(folder => !present.Contains(folder)))
        {
            seen.Remove(gone);
            Log.Gone(logger, gone);
        }
    }

    private async Task<FoundAdapter> TakeAsync(ManifestEntry entry, string path, string fingerprint, bool isStart, CancellationToken cancellation)
    {
        if (AdapterName.FindProblem(entry.Name, adapters.BaseName) is { } problem)
        {
            seen.Add(entry.Folder, fingerprint);
            return new FoundAdapter(entry.Name, null, problem);
        }
        var isKnown = adapters.State.Adapters.ContainsKey(entry.Name);
        var wish = new UploadWish(Release: !isKnown || options.Releases, IsStart: isStart);
        var answer = IsLazy(entry.Name)
            ? await commands.AddLazilyAsync(entry.Name, path, wish, s_origin, cancellation)
            : await commands.AddDirectoryAsync(entry.Name, path, wish, s_origin, cancellation);
        if (answer.Error is { Status: 503 or 507 } later)
        {
            // Nothing is wrong with the adapter; the next look tries again.
            return new FoundAdapter(entry.Name, null, later.Message);
        }
        if (FolderFingerprint.Of(path) == fingerprint)
        {
            seen.Add(entry.Folder, fingerprint);
        }
        if (answer.Error is { } refused)
        {
            return new FoundAdapter(entry.Name, null, refused.Message);
        }
        if (!isKnown && (entry.Pinned || entry.Priority != AdapterPriority.Normal))
        {
            await commands.ConfigureAsync(entry.Name, entry.Pinned, entry.Priority, s_origin, cancellation);
        }
        return new FoundAdapter(entry.Name, answer.Value!.Version, null);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The adapters directory has no folder {Folder} any more; its versions stay as they are.")]
        public static partial void Gone(ILogger logger, string folder);

        [LoggerMessage(2, LogLevel.Warning, "The adapters directory cannot be looked at.")]
        public static partial void CannotLook(ILogger logger, Exception problem);

        [LoggerMessage(3, LogLevel.Error, "No adapter is taken from the directory: {Problem}")]
        public static partial void BrokenManifest(ILogger logger, string problem);
    }
}
