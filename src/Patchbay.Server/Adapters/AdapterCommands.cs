using Microsoft.Extensions.Logging;
using Patchbay.Control;
using Patchbay.Control.Journal;
using Patchbay.Control.Residency;
using Patchbay.Control.Versions;
using Patchbay.Engine;
using Patchbay.Server.Http;

namespace Patchbay.Server.Adapters;

/// <summary>
/// What operators do to adapters. Keeps three things in step: the journaled state (ControlPlane), the files (VersionStore) and the
/// memory (AdapterResidency). A version is in memory before a name points to it, so a load that fails leaves the old one serving.
/// </summary>
internal sealed partial class AdapterCommands(
    AdapterService adapters, AdapterIntake intake, TimeProvider time, ILogger<AdapterCommands> logger) : IDisposable
{
    // A switch can lose the race against other changes once or twice; this many times it means that something is broken.
    private const int MaxAttempts = 64;

    // Copying and checking is work beside the answers that run.
    private readonly SemaphoreSlim _intakes = new(Math.Max(1, Environment.ProcessorCount / 2));

    private ControlPlane Plane => adapters.Plane;

    /// <summary>Takes a copy of a directory as a version of an adapter.</summary>
    public async Task<CommandAnswer<UploadedVersion>> AddDirectoryAsync(
        string name, string path, UploadWish wish, CommandOrigin origin, CancellationToken cancellation)
    {
        try
        {
            using var staged = await Plane.Store.StageDirectoryAsync(path, cancellation);
            return await AddAsync(name, staged, wish, origin, cancellation);
        }
        catch (VersionRefusedException refusal)
        {
            Refused(name, refusal.Message, wish);
            return CommandErrors.From(refusal);
        }
    }

    /// <summary>Takes staged files as a version of an adapter: checked, stored, registered and, if wished, released.</summary>
    /// <exception cref="VersionRefusedException">The store cannot be written.</exception>
    public async Task<CommandAnswer<UploadedVersion>> AddAsync(
        string name, StagedVersion staged, UploadWish wish, CommandOrigin origin, CancellationToken cancellation)
    {
        if (FindProblem(name, wish) is { } problem)
        {
            return problem;
        }
        await _intakes.WaitAsync(cancellation);
        try
        {
            using var admission = await intake.AdmitAsync(name, staged, triesSanity: !wish.IsStart, cancellation);
            if (admission.Outcome != AdmissionOutcome.Admitted)
            {
                Refused(name, admission.Summary, wish);
                return CommandErrors.From(admission);
            }
            return await RegisterAsync(name, admission, wish, origin);
        }
        finally
        {
            _intakes.Release();
        }
    }

    /// <summary>Takes a copy of a directory without looking into it; it is checked when it is used first.</summary>
    public async Task<CommandAnswer<UploadedVersion>> AddLazilyAsync(string name, string path, UploadWish wish, CommandOrigin origin, CancellationToken cancellation)
    {
        if (FindProblem(name, wish) is { } problem)
        {
            return problem;
        }
        try
        {
            using var staged = await Plane.Store.StageDirectoryAsync(path, cancellation);
            staged.Publish();
            adapters.Residency.Register(staged.Digest, staged.DirectoryPath, staged.Bytes);
            using var unseen = new Admission(AdmissionOutcome.Admitted, staged, null);
            return await RegisterAsync(name, unseen, wish, origin);
        }
        catch (VersionRefusedException refusal)
        {
            return CommandErrors.From(refusal);
        }
    }

    /// <summary>Lets a kept version answer under its name.</summary>
    /// <param name="digest">A digest, or at least eight of its digits.</param>
    public Task<CommandAnswer<ReleasedVersion>> ReleaseAsync(
        string name, string digest, long? expectedGeneration, CommandOrigin origin, CancellationToken cancellation) =>
        PointAsync(name, digest, expectedGeneration, isRollback: false, origin, cancellation);

    /// <summary>Goes back to a kept version.</summary>
    /// <param name="digest">Null is the version that answered before.</param>
    public Task<CommandAnswer<ReleasedVersion>> RollbackAsync(
        string name, string? digest, long? expectedGeneration, CommandOrigin origin, CancellationToken cancellation) =>
        PointAsync(name, digest, expectedGeneration, isRollback: true, origin, cancellation);

    /// <summary>Takes an adapter with all its versions away; running answers keep what they have to their end.</summary>
    public async Task<CommandAnswer<CommandResult>> RemoveAsync(string name, long? expectedGeneration, CommandOrigin origin, CancellationToken cancellation) =>
        Settle(await Plane.RemoveAsync(name, expectedGeneration, origin, cancellation), name);

    /// <summary>Takes one version away that does not answer.</summary>
    public async Task<CommandAnswer<CommandResult>> RemoveVersionAsync(string name, string digest, CommandOrigin origin, CancellationToken cancellation)
    {
        var (version, error) = FindVersion(name, digest);
        return version is null ? error! : Settle(await Plane.RemoveVersionAsync(name, version.Digest, origin, cancellation), name);
    }

    /// <summary>Changes pin and priority of an adapter; null leaves one as it is.</summary>
    public async Task<CommandAnswer<CommandResult>> ConfigureAsync(
        string name, bool? isPinned, AdapterPriority? priority, CommandOrigin origin, CancellationToken cancellation)
    {
        CommandAnswer<CommandResult> answer = CommandErrors.UnknownAdapter(name);
        if (priority is { } rank)
        {
            answer = Settle(await Plane.PrioritizeAsync(name, rank, origin, cancellation), name);
        }
        if (isPinned is { } pin && (priority is null || answer.Error is null))
        {
            answer = Settle(await Plane.PinAsync(name, pin, origin, cancellation), name);
            if (pin && answer.Error is null && adapters.Aliases.TryGet(name, out var alias))
            {
                LoadInBackground(alias.Digest);
            }
        }
        return answer;
    }

    /// <summary>Loads a version ahead of its use.</summary>
    /// <param name="digest">A digest or its first digits; null is the version that answers now.</param>
    /// <param name="wait">Whether to come back only when it is loaded.</param>
    public async Task<CommandAnswer<LoadedVersion>> LoadAsync(string name, string? digest, bool wait, CommandOrigin origin, CancellationToken cancellation)
    {
        var (version, error) = FindVersion(name, digest);
        if (version is null)
        {
            return error!;
        }
        await RecordAsync("adapter.load", name, version.Digest, origin, cancellation);
        if (!wait)
        {
            LoadInBackground(version.Digest);
            return new LoadedVersion(version.Digest, null);
        }
        var acquired = await adapters.Residency.AcquireAsync(version.Digest, cancellation);
        acquired.Lease?.Dispose();
        return acquired.Lease is null
            ? CommandErrors.From(acquired)
            : new LoadedVersion(version.Digest, adapters.Residency.Find(version.Digest)?.LoadTime);
    }

    /// <summary>Frees the memory of every version of an adapter, at once or with its last lease; the next use loads again.</summary>
    public async Task<CommandAnswer<AdapterRecord>> UnloadAsync(string name, string? digest, CommandOrigin origin, CancellationToken cancellation)
    {
        if (!adapters.State.Adapters.TryGetValue(name, out var adapter))
        {
            return CommandErrors.UnknownAdapter(name);
        }
        var (version, error) = FindVersion(name, digest);
        if (digest is not null && version is null)
        {
            return error!;
        }
        var chosen = digest is null ? adapter.Versions : [version!];
        foreach (var one in chosen)
        {
            if (adapters.Residency.Unload(one.Digest) != UnloadOutcome.NotLoaded)
            {
                await RecordAsync("adapter.unload", name, one.Digest, origin, cancellation);
            }
        }
        return adapter;
    }

    /// <summary>Changes what answers requests that name no model, taking it from the adapters directory if need be.</summary>
    /// <param name="name">An adapter's name; null for the base.</param>
    public async Task<CommandAnswer<SwitchedDefault>> SwitchAsync(string? name, long? expectedGeneration, CommandOrigin origin, CancellationToken cancellation)
    {
        var clock = new StepClock(time);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var before = adapters.Aliases;
            if (expectedGeneration is { } expected && expected != before.Default.Generation)
            {
                return CommandErrors.WrongGeneration(before.Default.Generation, expected, "The default");
            }
            AdapterAlias? alias = null;
            var path = "";
            if (name is not null && !before.TryGet(name, out alias) && !adapters.Directory.TryFind(name, out path))
            {
                return CommandErrors.UnknownAdapter(name);
            }
            clock.Mark(Step.Resolve);
            if (name is not null && alias is null)
            {
                var added = await AddDirectoryAsync(name, path, new UploadWish(), origin, cancellation);
                clock.Mark(Step.Load);
                if (added.Error is not null)
                {
                    return added.Error;
                }
                continue;
            }
            var (lease, problem) = await HoldAsync(alias, clock, cancellation);
            using (lease)
            {
                if (problem is not null)
                {
                    return problem;
                }
                var result = await Plane.SwitchDefaultAsync(name, expectedGeneration, origin, cancellation);
                clock.Mark(Step.Switch);
                if (result.Outcome is CommandOutcome.Applied or CommandOutcome.Unchanged)
                {
                    var current = result.After.Aliases.Default;
                    Log.Switched(logger, current.Target?.Name ?? "base", current.Generation);
                    return new SwitchedDefault(result.Before.Aliases.Default, current, clock.Timings);
                }
                if (result.Outcome != CommandOutcome.NoSuchAdapter)
                {
                    return CommandErrors.From(result, null);
                }
            }
        }
        throw new InvalidOperationException("An adapter's name kept changing while it was switched to.");
    }

    /// <summary>Loads a version ahead of its use without waiting for it.</summary>
    public void LoadInBackground(VersionDigest digest) => _ = PreloadAsync(digest, CancellationToken.None);

    /// <summary>Loads a version ahead of its use; one that cannot be loaded now is loaded when it is used.</summary>
    public async Task PreloadAsync(VersionDigest digest, CancellationToken cancellation)
    {
        var acquired = await adapters.Residency.AcquireAsync(digest, cancellation);
        acquired.Lease?.Dispose();
        if (acquired.Problem is { } problem)
        {
            Log.NotPreloaded(logger, digest.Abbreviation, problem);
        }
    }

    /// <summary>Tells the residency what the state says about pins and priorities of some versions.</summary>
    public void Rank(IEnumerable<VersionDigest> digests)
    {
        var state = adapters.State;
        foreach (var digest in digests)
        {
            var holders = state.Adapters.Values.Where(adapter => adapter.TryGet(digest, out _)).ToList();
            if (holders.Count > 0)
            {
                var isPinned = holders.Exists(adapter => adapter.IsPinned && state.Aliases.TryGet(adapter.Name, out var alias) && alias.Digest == digest);
                adapters.Residency.Rank(digest, holders.Max(adapter => adapter.Priority), isPinned);
            }
        }
    }

    /// <summary>Ends the service; nothing may be uploaded any more.</summary>
    public void Dispose() => _intakes.Dispose();

    private ApiError? FindProblem(string name, UploadWish wish)
    {
        if (AdapterName.FindProblem(name, adapters.BaseName) is { } problem)
        {
            return ApiError.Invalid(problem, "name", "invalid_name");
        }
        // Before anything is read; the control plane decides again when it counts.
        var actual = CommandErrors.GenerationOf(adapters.State, name);
        return wish.ExpectedGeneration is { } expected && expected != actual
            ? CommandErrors.WrongGeneration(actual, expected, $"'{name}'")
            : null;
    }

    private void Refused(string name, string problem, UploadWish wish)
    {
        if (!wish.IsStart)
        {
            Log.Refused(logger, name, problem);
        }
    }

    private async Task<CommandAnswer<UploadedVersion>> RegisterAsync(string name, Admission admission, UploadWish wish, CommandOrigin origin)
    {
        var (staged, found) = (admission.Staged, admission.Version);
        var version = new RegisteredVersion(staged.Digest, found?.MemoryBytes ?? staged.Bytes, time.GetUtcNow(), origin.Actor)
        {
            Rank = found?.Rank,
            Kind = found?.Kind,
            Probe = admission.Probe,
            Reason = origin.Reason,
        };
        var command = new UploadCommand(name, version) { Release = wish.Release, ExpectedGeneration = wish.ExpectedGeneration };
        // From here on it happens whether the caller waits for it or not.
        CommandResult result;
        try
        {
            result = await Plane.UploadAsync(command, origin, CancellationToken.None);
        }
        catch (JournalException failure)
        {
            await DiscardAsync(staged.Digest);
            return CommandErrors.From(failure);
        }
        if (result.Outcome is not (CommandOutcome.Applied or CommandOutcome.Unchanged))
        {
            await DiscardAsync(staged.Digest);
            return CommandErrors.From(result, name);
        }
        Settle(result, name);
        if (!wish.IsStart)
        {
            Log.Taken(logger, name, staged.Digest.Abbreviation, wish.Release ? "released" : "kept", admission.LoadMilliseconds);
        }
        result.After.Aliases.TryGet(name, out var alias);
        result.Before.Aliases.TryGet(name, out var previous);
        var isNew = !result.Before.Adapters.TryGetValue(name, out var before) || !before.TryGet(staged.Digest, out _);
        return new UploadedVersion(name, staged.Digest, alias, previous?.Digest, alias?.Digest == staged.Digest, isNew, version.Bytes, found)
        {
            Probe = admission.Probe,
            Warnings = admission.Warnings,
            LoadMilliseconds = admission.LoadMilliseconds,
        };
    }

    private async Task<CommandAnswer<ReleasedVersion>> PointAsync(
        string name, string? digest, long? expectedGeneration, bool isRollback, CommandOrigin origin, CancellationToken cancellation)
    {
        if (!adapters.State.Adapters.TryGetValue(name, out var adapter))
        {
            return CommandErrors.UnknownAdapter(name);
        }
        adapters.Aliases.TryGet(name, out var current);
        var before = digest is null ? adapter.Releases.Cast<VersionDigest?>().LastOrDefault(release => release != current?.Digest)?.ToString() : digest;
        RegisteredVersion? version = null;
        if (before is not null)
        {
            (version, var error) = FindVersion(name, before);
            if (version is null)
            {
                return error!;
            }
        }
        // In memory first: what cannot be loaded is not released.
        var acquired = version is null ? default : await adapters.Residency.AcquireAsync(version.Digest, cancellation);
        using (acquired.Lease)
        {
            if (version is not null && acquired.Lease is null)
            {
                return CommandErrors.From(acquired);
            }
            var started = time.GetTimestamp();
            var result = isRollback
                ? await Plane.RollbackAsync(name, version?.Digest, expectedGeneration, origin, cancellation)
                : await Plane.ReleaseAsync(new ReleaseCommand(name, version!.Digest) { ExpectedGeneration = expectedGeneration }, origin, cancellation);
            var elapsed = time.GetElapsedTime(started).TotalMilliseconds;
            if (Settle(result, name).Error is { } refusal)
            {
                return refusal;
            }
            result.After.Aliases.TryGet(name, out var alias);
            result.Before.Aliases.TryGet(name, out var previous);
            Log.Released(logger, name, alias!.Digest.Abbreviation, alias.Generation);
            return new ReleasedVersion(alias, previous?.Digest, elapsed);
        }
    }

    // Null stands for the version that answers now.
    private (RegisteredVersion? Version, ApiError? Error) FindVersion(string name, string? digest)
    {
        var state = adapters.State;
        if (!state.Adapters.TryGetValue(name, out var adapter))
        {
            return (null, CommandErrors.UnknownAdapter(name));
        }
        if (digest is null)
        {
            return state.Aliases.TryGet(name, out var alias) && adapter.TryGet(alias.Digest, out var current)
                ? (current, null)
                : (null, CommandErrors.Problem(404, "version_not_found", $"No version of '{name}' was released yet; name one."));
        }
        return adapter.Find(digest) switch
        {
            [var only] => (only, null),
            [] => (null, CommandErrors.Problem(404, "version_not_found", $"'{name}' has no version of this digest; write sha256: and at least 8 of its digits.") with { Param = "digest" }),
            var several => (null, CommandErrors.Problem(409, "ambiguous_digest", $"{several.Count} versions of '{name}' begin with these digits; write more of them.") with { Param = "digest" }),
        };
    }

    private async Task<(AdapterLease? Lease, ApiError? Problem)> HoldAsync(AdapterAlias? alias, StepClock clock, CancellationToken cancellation)
    {
        if (alias is null)
        {
            return (null, null);
        }
        var isReady = adapters.Residency.TryAcquire(alias.Digest, out var lease);
        clock.Mark(Step.Verify);
        if (isReady)
        {
            return (lease, null);
        }
        var acquired = await adapters.Residency.AcquireAsync(alias.Digest, cancellation);
        clock.Mark(Step.Load);
        // One that was removed meanwhile has no name any more: the switch itself finds that out.
        return (acquired.Lease, acquired.Lease is null && acquired.Outcome != AcquireOutcome.Unknown ? CommandErrors.From(acquired) : null);
    }

    // What came through the door and was not registered then leaves memory and store again.
    private async Task DiscardAsync(VersionDigest digest)
    {
        if (await Plane.DiscardAsync(digest, CancellationToken.None))
        {
            adapters.Residency.Remove(digest);
        }
    }

    private CommandAnswer<CommandResult> Settle(CommandResult result, string name)
    {
        if (result.Outcome is not (CommandOutcome.Applied or CommandOutcome.Unchanged))
        {
            return CommandErrors.From(result, name);
        }
        Forget(result.Removed);
        if (result.After.Adapters.TryGetValue(name, out var adapter))
        {
            Rank(adapter.Versions.Select(version => version.Digest));
        }
        return result;
    }

    /// <summary>Frees the memory of versions that no adapter has any more.</summary>
    public void Forget(IEnumerable<VersionDigest> digests)
    {
        foreach (var digest in digests)
        {
            // Somebody may have brought the same bytes back meanwhile.
            if (!adapters.State.IsRegistered(digest))
            {
                adapters.Residency.Remove(digest);
            }
        }
    }

    private Task<AuditEntry> RecordAsync(string action, string name, VersionDigest digest, CommandOrigin origin, CancellationToken cancellation) =>
        Plane.RecordAsync(
            new AuditRecord(time.GetUtcNow(), origin.Actor, action, name) { To = digest, Reason = origin.Reason, RequestId = origin.RequestId }, cancellation);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Adapter {Name}: version {Digest} checked and {What} (loaded in {Milliseconds:F1} ms).")]
        public static partial void Taken(ILogger logger, string name, string digest, string what, double milliseconds);

        [LoggerMessage(2, LogLevel.Information, "Adapter {Name} answers with version {Digest} (generation {Generation}).")]
        public static partial void Released(ILogger logger, string name, string digest, long generation);

        [LoggerMessage(3, LogLevel.Information, "{Name} answers requests that name no model (generation {Generation}).")]
        public static partial void Switched(ILogger logger, string name, long generation);

        [LoggerMessage(4, LogLevel.Warning, "Adapter {Name} refused: {Problem}")]
        public static partial void Refused(ILogger logger, string name, string problem);

        [LoggerMessage(5, LogLevel.Warning, "Version {Digest} is not loaded ahead of its use: {Problem}")]
        public static partial void NotPreloaded(ILogger logger, string digest, string problem);
    }
}
