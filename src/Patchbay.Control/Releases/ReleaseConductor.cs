using System.Collections.Concurrent;
using System.Text.Json;
using Patchbay.Control.Journal;
using Patchbay.Control.Routing;

namespace Patchbay.Control.Releases;

/// <summary>What a person can do to a release.</summary>
public enum ReleaseOrder
{
    /// <summary>Make the candidate the alias's version now.</summary>
    Promote,

    /// <summary>Stop where it is.</summary>
    Pause,

    /// <summary>Go on.</summary>
    Resume,

    /// <summary>End it; the stable version answers alone.</summary>
    Abort,
}

/// <summary>What became of a command about a release.</summary>
/// <param name="Release">The release as it is now; null where there is none.</param>
/// <param name="Problems">Everything that is wrong with what was asked for.</param>
/// <param name="Refusal">Why the control plane did not take it.</param>
public sealed record ReleaseAnswer(Release? Release, IReadOnlyList<FieldProblem> Problems, CommandResult? Refusal);

/// <summary>
/// Carries releases out: looks at each of them once a second, writes what happened to the journal together with the alias's
/// plan or version, and keeps the figures of the arms. Everything that a restart needs is in the journal.
/// </summary>
public sealed class ReleaseConductor(ControlPlane plane, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly ConcurrentDictionary<string, RunningRelease> _running = new(StringComparer.Ordinal);
    private bool _isFirstLook = true;

    /// <summary>Told of everything that happens to a release once it is in the journal. Must not wait.</summary>
    public Action<Release, ReleaseEvent>? Happened { get; set; }

    /// <summary>Every release, newest first.</summary>
    public IReadOnlyList<Release> List() =>
        [.. ReleaseDocuments.Documents(plane.Snapshot).Select(document => Present(document.Key, () => ReleaseJson.Read(document.Json)))];

    /// <summary>One release; null where there is none.</summary>
    public Release? Find(string id) => ReleaseDocuments.Find(plane.Snapshot, id) is { } release ? Present(id, () => release) : null;

    /// <summary>The release of an alias that has not ended; null where there is none.</summary>
    public Release? FindRunning(string alias) =>
        _running.Values.Select(running => running.Release).FirstOrDefault(release => !release.IsOver && release.Spec.Alias == alias);

    /// <summary>The figures of a release's arms since the server started; null where it is over for longer.</summary>
    public ReleaseFigures? FiguresOf(string id) => _running.TryGetValue(id, out var running) ? running.Figures : null;

    /// <summary>What a release can see now.</summary>
    public ReleaseObservation Observe(Release release) =>
        FiguresOf(release.Id)?.Observe(ProbeOf(release)) ?? ReleaseObservation.Empty with { Probe = ProbeOf(release) };

    /// <summary>The release and the arm that an answer belongs to; null where no plan of a release chose its version.</summary>
    public (Release Release, ArmFigures Arm)? FindArm(string alias, VersionDigest digest)
    {
        foreach (var running in _running.Values)
        {
            var release = running.Release;
            if (release.Spec.Alias == alias && !release.IsOver && (digest == release.Stable || digest == release.Candidate))
            {
                return (release, digest == release.Candidate ? running.Figures.Candidate : running.Figures.Stable);
            }
        }
        return null;
    }

    /// <summary>Starts a release.</summary>
    /// <param name="findJudgeProblem">Says what is wrong with a judge; null where nothing is.</param>
    public async Task<ReleaseAnswer> StartAsync(
        ReleaseSpec spec, Func<ReleaseJudge, FieldProblem?> findJudgeProblem, CommandOrigin origin, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            var state = plane.Snapshot;
            var surroundings = Surroundings(spec, state, findJudgeProblem);
            var problems = ReleaseStart.Validate(spec, surroundings);
            if (problems.Count > 0)
            {
                return new ReleaseAnswer(null, problems, null);
            }
            var release = ReleaseStart.Begin(spec, surroundings, ReleaseDocuments.NextId(state), origin.Actor, time.GetUtcNow());
            var edits = ReleaseDocuments.EditsOf(release, revision: 0, state);
            edits.AddRange(ReleaseDocuments.Forget(state));
            var result = await plane.EditAsync(edits, "release.start", spec.Alias!, Details(release, release.History[^1]), origin, cancellation);
            if (result.Outcome != CommandOutcome.Applied)
            {
                return new ReleaseAnswer(null, [], result);
            }
            Remember(release, RevisionOf(result.After, release.Id), new ReleaseFigures(time), isFromJournal: false);
            Happened?.Invoke(release, release.History[^1]);
            return new ReleaseAnswer(release, [], null);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Carries out what a person wants.</summary>
    public async Task<ReleaseAnswer> OrderAsync(string id, ReleaseOrder order, CommandOrigin origin, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            if (Follow(plane.Snapshot, id) is not { } running)
            {
                return new ReleaseAnswer(Find(id), [], null);
            }
            var (release, reason, now) = (running.Release, origin.Reason ?? "no reason given", time.GetUtcNow());
            var change = order switch
            {
                ReleaseOrder.Promote => ReleaseStep.Promote(release, reason, origin.Actor, now),
                ReleaseOrder.Pause => ReleaseStep.Pause(release, reason, origin.Actor, now),
                ReleaseOrder.Resume => ReleaseStep.Resume(release, reason, origin.Actor, now),
                _ => ReleaseStep.Abort(release, reason, origin.Actor, now),
            };
            var refusal = await WriteAsync(running, change, origin, cancellation);
            return new ReleaseAnswer(Find(id), [], refusal);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Looks at every running release once.</summary>
    public async Task LookAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            var state = plane.Snapshot;
            foreach (var document in ReleaseDocuments.Documents(state).Where(document => !document.References.IsEmpty).ToList())
            {
                if (Follow(state, document.Key) is { } running)
                {
                    await WriteAsync(running, Look(running, state), new CommandOrigin("patchbay"), cancellation);
                }
            }
            _isFirstLook = false;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends the conductor; releases go on when the next one looks.</summary>
    public void Dispose() => _turn.Dispose();

    private ReleaseChange Look(RunningRelease running, ControlSnapshot state)
    {
        var (release, now) = (running.Release, time.GetUtcNow());
        // One that another node started later was not interrupted.
        if (_isFirstLook && running.IsFromJournal)
        {
            return ReleaseStep.Restart(release, now);
        }
        return state.FindCurrent(release.Spec.Alias!) == release.Stable
            ? ReleaseStep.Next(release, Observe(release), now)
            : ReleaseStep.Abort(release, $"'{release.Spec.Alias}' was given another version meanwhile.", "patchbay", now);
    }

    // Writes what happened; where nothing did, progress is kept in memory only.
    private async Task<CommandResult?> WriteAsync(RunningRelease running, ReleaseChange change, CommandOrigin origin, CancellationToken cancellation)
    {
        var release = change.Release;
        if (change.Events.Count == 0)
        {
            running.Release = release;
            return null;
        }
        var happened = change.Events[^1];
        var edits = ReleaseDocuments.EditsOf(release, running.Revision, plane.Snapshot);
        var action = ActionOf(happened);
        origin = origin with { Reason = happened.Detail };
        var result = release.State == ReleaseState.Promoted
            ? await plane.ReleaseAsync(new ReleaseCommand(release.Spec.Alias!, release.Candidate) { Action = action, Documents = edits }, origin, cancellation)
            : await plane.EditAsync(edits, action, release.Spec.Alias!, Details(release, happened), origin, cancellation);
        if (result.Outcome != CommandOutcome.Applied)
        {
            // Another node was faster, or something is in the way; the next look sees the state as it is then.
            return result;
        }
        if (release.Step != running.Release.Step)
        {
            running.Figures.BeginStep();
        }
        running.Release = release;
        running.Revision = RevisionOf(result.After, release.Id);
        Happened?.Invoke(release, happened);
        return null;
    }

    // The running release of a document, taken over from it where this process did not write it.
    private RunningRelease? Follow(ControlSnapshot state, string id)
    {
        if (!state.TryGetDocument(DocumentKind.Release, id, out var document))
        {
            return null;
        }
        if (_running.TryGetValue(id, out var known) && known.Revision == document.Revision)
        {
            return known.Release.IsOver ? null : known;
        }
        var release = ReleaseJson.Read(document.Json);
        var figures = known?.Figures ?? new ReleaseFigures(time);
        if (known is not null && known.Release.Step != release.Step)
        {
            figures.BeginStep();
        }
        var running = Remember(release, document.Revision, figures, isFromJournal: known is null);
        return release.IsOver ? null : running;
    }

    private RunningRelease Remember(Release release, long revision, ReleaseFigures figures, bool isFromJournal)
    {
        // Figures of ended releases stay for those who look at them, until the alias has another one.
        foreach (var old in _running.Values.Where(old => old.Release.IsOver && old.Release.Spec.Alias == release.Spec.Alias && old.Release.Id != release.Id))
        {
            _running.TryRemove(old.Release.Id, out _);
        }
        var running = new RunningRelease(release, revision, figures, isFromJournal);
        _running[release.Id] = running;
        return running;
    }

    private Release Present(string id, Func<Release> read) => _running.TryGetValue(id, out var running) ? running.Release : read();

    private ProbeOutcome ProbeOf(Release release) => ProbeOf(plane.Snapshot, release.Spec.Alias!, release.Candidate);

    private static ProbeOutcome ProbeOf(ControlSnapshot state, string alias, VersionDigest? candidate) =>
        candidate is { } digest && state.Adapters.TryGetValue(alias, out var adapter) && adapter.TryGet(digest, out var version)
            ? version.Probe.Outcome : ProbeOutcome.None;

    private static ReleaseSurroundings Surroundings(ReleaseSpec spec, ControlSnapshot state, Func<ReleaseJudge, FieldProblem?> findJudgeProblem)
    {
        var alias = spec.Alias ?? "";
        var found = state.Adapters.TryGetValue(alias, out var adapter) ? adapter.Find(spec.Candidate ?? "") : [];
        var candidate = found.Count == 1 ? found[0].Digest : (VersionDigest?)null;
        var route = state.TryGetDocument(DocumentKind.Route, alias, out var document) ? RouteTable.Read(document) : null;
        var running = ReleaseDocuments.FindRunning(state, alias);
        return new ReleaseSurroundings(
            state.FindCurrent(alias), candidate, ProbeOf(state, alias, candidate), running?.Id,
            route is null or FixedPlan { Digest: RoutePlan.Current } ? null : route.Kind, findJudgeProblem);
    }

    private static long RevisionOf(ControlSnapshot state, string id) => state.TryGetDocument(DocumentKind.Release, id, out var document) ? document.Revision : 0;

    private static string ActionOf(ReleaseEvent happened) => happened.Event switch
    {
        "promoted" => "release.promote",
        "rolled_back" => "release.rollback",
        "aborted" => "release.abort",
        "paused" => "release.pause",
        "resumed" => "release.resume",
        _ => "release.step",
    };

    private static string Details(Release release, ReleaseEvent happened) => JsonSerializer.Serialize(
        new ReleaseAuditDetails(release.Id, happened.Event, release.Step + 1, release.Weight, release.Stable, release.Candidate),
        ReleaseJsonContext.Default.ReleaseAuditDetails);

    private sealed class RunningRelease(Release release, long revision, ReleaseFigures figures, bool isFromJournal)
    {
        private volatile Release _release = release;

        public Release Release
        {
            get => _release;
            set => _release = value;
        }

        public bool IsFromJournal { get; } = isFromJournal;

        public long Revision { get; set; } = revision;

        public ReleaseFigures Figures { get; } = figures;
    }
}

/// <summary>What the audit keeps of a release's change.</summary>
internal sealed record ReleaseAuditDetails(string Release, string Event, int Step, double Weight, VersionDigest Stable, VersionDigest Candidate);
