using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Patchbay.Control;
using Patchbay.Control.Routing;
using Patchbay.Engine;

namespace Patchbay.Server.Adapters;

/// <summary>
/// Keeps names (Control) and weights (Engine) together: a name is published only while its version is resident, and a
/// version is retired only when no name stands for it. Requests read without a lock; loads and switches are serialised
/// where they publish, never while they read files.
/// </summary>
internal sealed partial class AdapterService(
    InferenceEngine engine, ModelRouter router, AdapterDirectory directory, int maxAdapters, TimeProvider time, ILogger<AdapterService> logger) : IDisposable
{
    // A request can lose the race against a switch once or twice; this many times it means that something is broken.
    private const int MaxAttempts = 64;

    private readonly AliasTable _aliases = new();
    private readonly NameGate _gate = new();
    private readonly SemaphoreSlim _loads = new(Math.Max(1, Environment.ProcessorCount / 2));
    private readonly ConcurrentDictionary<VersionDigest, ResidentAdapter> _resident = new();
    private readonly Lock _publication = new();

    /// <summary>The present names.</summary>
    public AliasSnapshot Aliases => _aliases.Snapshot;

    /// <summary>What the base model is called.</summary>
    public string BaseName => router.BaseName;

    /// <summary>The operator's directory.</summary>
    public AdapterDirectory Directory => directory;

    /// <summary>Finds what answers a request and takes <paramref name="leases"/> leases on it, all of one version.</summary>
    /// <returns>The route; <paramref name="model"/> is null unless it leads to base or an adapter.</returns>
    public Route TryAcquire(string? name, int leases, out AnsweringModel? model)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var route = router.Resolve(name, _aliases.Snapshot);
            if (route.Kind == RouteKind.Base)
            {
                model = AnsweringModel.OfBase(BaseName, route.Generation);
                return route;
            }
            if (route.Kind != RouteKind.Adapter)
            {
                model = null;
                return route;
            }
            // The version may have been retired since the snapshot was read; the next one has its successor.
            if ((model = TryLease([new RoutedAdapter(route.Alias!, route.Generation, 1)], leases)) is not null)
            {
                return route;
            }
        }
        throw new InvalidOperationException("An adapter's name was published without its version.");
    }

    /// <summary>Finds the adapters of a selection in one state of the aliases and leases each for every answer.</summary>
    /// <returns>What answers; null where there is a problem.</returns>
    public AnsweringModel? TryAcquire(AdapterSelection selection, int answers, out SelectionProblem? problem)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var parts = SelectionRouter.Resolve(selection, router, _aliases.Snapshot, out problem);
            if (problem is not null)
            {
                return null;
            }
            if (parts.Count == 0)
            {
                return AnsweringModel.OfBase(BaseName, 0);
            }
            // As above: one of them may have been retired meanwhile.
            if (TryLease(parts, answers) is { } model)
            {
                return model;
            }
        }
        throw new InvalidOperationException("An adapter's name was published without its version.");
    }

    /// <summary>The resident version behind an alias; null if it was retired meanwhile.</summary>
    public ResidentAdapter? Find(VersionDigest digest) => _resident.GetValueOrDefault(digest);

    /// <summary>Reads a directory off the request's thread and publishes its version under a name.</summary>
    /// <param name="replace">Whether a name in use changes its version; running answers keep the old one.</param>
    public async Task<LoadResult> LoadAsync(string name, string path, bool replace, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var result = await LoadQuietlyAsync(name, path, replace, cancellation);
        if (result.Outcome == LoadOutcome.Loaded)
        {
            Log.Loaded(logger, name, result.Alias!.Digest.Abbreviation, time.GetElapsedTime(started).TotalMilliseconds);
        }
        else if (result.Outcome == LoadOutcome.Refused)
        {
            Log.Refused(logger, name, result.Problem!);
        }
        return result;
    }

    /// <summary>Loads without a log line, for a caller who reports the result himself.</summary>
    public async Task<LoadResult> LoadQuietlyAsync(string name, string path, bool replace, CancellationToken cancellation)
    {
        using var passage = await _gate.EnterAsync(name, cancellation);
        var exists = Aliases.TryGet(name, out _);
        if (exists && !replace)
        {
            return new LoadResult(LoadOutcome.AlreadyLoaded);
        }
        if (!exists && Aliases.Count >= maxAdapters)
        {
            return new LoadResult(LoadOutcome.TooMany, Problem: $"This server holds at most {maxAdapters} adapters; unload one first.");
        }
        await _loads.WaitAsync(cancellation);
        try
        {
            return await ReadAndPublishAsync(name, path, cancellation);
        }
        catch (AdapterRefusedException refusal)
        {
            return new LoadResult(LoadOutcome.Refused, Problem: refusal.Message);
        }
        finally
        {
            _loads.Release();
        }
    }

    /// <summary>Takes a name away; its version is retired with its last name, and its memory freed with its last lease.</summary>
    public AliasChange Unload(string name)
    {
        lock (_publication)
        {
            var change = _aliases.Remove(name);
            if (change.Outcome == AliasChangeOutcome.Applied)
            {
                RetireUnlessNamed(change.Previous!.Digest);
                Log.Unloaded(logger, name, change.Previous.Digest.Abbreviation);
            }
            return change;
        }
    }

    /// <summary>Changes what answers requests that name no model, loading it from the adapters directory if need be.</summary>
    /// <param name="name">An adapter's name; null for the base.</param>
    public async Task<SwitchResult> SwitchAsync(string? name, long? expectedGeneration, CancellationToken cancellation)
    {
        var clock = new StepClock(time);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var before = Aliases;
            if (expectedGeneration is { } expected && expected != before.Default.Generation)
            {
                return Result(SwitchOutcome.GenerationMismatch, before.Default);
            }
            AdapterAlias? alias = null;
            var path = "";
            if (name is not null && !before.TryGet(name, out alias) && !directory.TryFind(name, out path))
            {
                return Result(SwitchOutcome.Unknown, before.Default);
            }
            clock.Mark(Step.Resolve);
            if (name is not null && alias is null)
            {
                var loaded = await LoadAsync(name, path, replace: false, cancellation);
                clock.Mark(Step.Load);
                if (loaded.Outcome is LoadOutcome.Refused or LoadOutcome.TooMany)
                {
                    return Result(SwitchOutcome.Refused, before.Default, loaded.Problem);
                }
                continue;
            }
            var isResident = alias is null || IsResident(alias.Digest);
            clock.Mark(Step.Verify);
            if (!isResident)
            {
                continue;
            }
            var change = _aliases.SetDefault(name, expectedGeneration);
            clock.Mark(Step.Switch);
            if (change.Outcome == AliasChangeOutcome.GenerationMismatch)
            {
                return Result(SwitchOutcome.GenerationMismatch, change.Current);
            }
            if (change.Outcome != AliasChangeOutcome.NoSuchAlias)
            {
                var result = new SwitchResult(SwitchOutcome.Switched, change.Previous, change.Current, clock.Timings);
                Log.Switched(logger, change.Current.Target?.Name ?? "base", change.Current.Generation);
                return result;
            }
        }
        throw new InvalidOperationException("An adapter's name kept changing while it was switched to.");

        SwitchResult Result(SwitchOutcome outcome, DefaultAlias current, string? problem = null) =>
            new(outcome, current, current, clock.Timings, problem);
    }

    /// <summary>Ends the service; nothing may load or switch any more.</summary>
    public void Dispose() => _loads.Dispose();

    private async Task<LoadResult> ReadAndPublishAsync(string name, string path, CancellationToken cancellation)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var version = await Task.Run(() => engine.LoadAdapterAsync(path, cancellation), cancellation);
            if (TryPublish(name, version) is { } alias)
            {
                return new LoadResult(LoadOutcome.Loaded, alias, version);
            }
        }
        throw new InvalidOperationException("A version was retired each time before its name could be published.");
    }

    private AdapterAlias? TryPublish(string name, AdapterVersion version)
    {
        lock (_publication)
        {
            // The lease proves that nobody retired the version between its load and now: another name of the same
            // files may have been unloaded meanwhile.
            if (!engine.TryAcquireAdapter(version.Digest, out var lease))
            {
                return null;
            }
            using (lease)
            {
                var resident = new ResidentAdapter(version, time.GetUtcNow());
                _resident.TryAdd(resident.Digest, resident);
                var change = _aliases.Set(name, resident.Digest);
                if (change.Previous is { } previous && previous.Digest != resident.Digest)
                {
                    RetireUnlessNamed(previous.Digest);
                }
                return change.Current;
            }
        }
    }

    private void RetireUnlessNamed(VersionDigest digest)
    {
        if (!Aliases.IsReferenced(digest) && _resident.TryRemove(digest, out var resident))
        {
            engine.RetireAdapter(resident.Version.Digest);
        }
    }

    private bool IsResident(VersionDigest digest)
    {
        if (!_resident.TryGetValue(digest, out var resident) || !engine.TryAcquireAdapter(resident.Version.Digest, out var lease))
        {
            return false;
        }
        lease.Dispose();
        return true;
    }

    // All leases for all answers, or none.
    private AnsweringModel? TryLease(List<RoutedAdapter> parts, int answers)
    {
        var leases = new List<AdapterWeight>(parts.Count * answers);
        while (leases.Count < parts.Count * answers)
        {
            var part = parts[leases.Count % parts.Count];
            if (!_resident.TryGetValue(part.Alias.Digest, out var resident) || !engine.TryAcquireAdapter(resident.Version.Digest, out var lease))
            {
                leases.ForEach(taken => taken.Lease.Dispose());
                return null;
            }
            leases.Add(new AdapterWeight(lease, part.Weight));
        }
        return AnsweringModel.OfAdapters(parts, [.. leases.Chunk(parts.Count)]);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Adapter {Name} loaded as {Digest} in {Milliseconds:F1} ms.")]
        public static partial void Loaded(ILogger logger, string name, string digest, double milliseconds);

        [LoggerMessage(2, LogLevel.Information, "Adapter {Name} unloaded; {Digest} goes with its last running answer.")]
        public static partial void Unloaded(ILogger logger, string name, string digest);

        [LoggerMessage(3, LogLevel.Information, "{Name} answers requests that name no model (generation {Generation}).")]
        public static partial void Switched(ILogger logger, string name, long generation);

        [LoggerMessage(4, LogLevel.Warning, "Adapter {Name} refused: {Problem}")]
        public static partial void Refused(ILogger logger, string name, string problem);
    }
}
