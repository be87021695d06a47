using Patchbay.Control.Journal;
using Patchbay.Control.Versions;

namespace Patchbay.Control;

/// <summary>
/// The only writer of aliases, versions, pins, priorities, routes and releases. A command is decided on the present
/// state, written to the journal with its audit entry, and only then published; readers take <see cref="Snapshot"/>
/// (one volatile read) and never wait. Knows digests and files, not what is in memory.
/// </summary>
/// <remarks>
/// <code>
/// 1 one writer at a time            4 publish: one volatile write
/// 2 decide: state → next state      5 take files away that no adapter needs any more
/// 3 commit: documents + audit entry
/// </code>
/// </remarks>
public sealed class ControlPlane : IAsyncDisposable
{
    // Another node can win a few times in a row; this many times means that something is broken.
    private const int MaxAttempts = 64;

    private readonly SemaphoreSlim _writer = new(1);
    private readonly IJournal _journal;
    private readonly VersionStore _store;
    private readonly VersionRules _rules;
    private readonly TimeProvider _time;
    private volatile ControlSnapshot _snapshot;

    // Set when a commit failed in a way that leaves open whether it was written.
    private bool _isUncertain;

    private ControlPlane(IJournal journal, VersionStore store, ControlPlaneOptions options, TimeProvider time, ControlSnapshot snapshot)
    {
        _journal = journal;
        _store = store;
        _rules = new VersionRules(options, store.Contains);
        _time = time;
        _snapshot = snapshot;
    }

    /// <summary>The present state.</summary>
    public ControlSnapshot Snapshot => _snapshot;

    /// <summary>The audit chain, for those who read it.</summary>
    public IJournal Journal => _journal;

    /// <summary>The files of the versions.</summary>
    public VersionStore Store => _store;

    /// <summary>Restores the state that the journal holds, and takes files away that no adapter has.</summary>
    /// <exception cref="JournalException">The journal cannot be read.</exception>
    public static async Task<ControlPlane> LoadAsync(
        IJournal journal, VersionStore store, ControlPlaneOptions options, TimeProvider time, CancellationToken cancellation)
    {
        var state = ControlFormat.Read(await journal.LoadAsync(cancellation));
        foreach (var digest in store.Versions.Where(digest => !state.IsRegistered(digest)))
        {
            store.Remove(digest);
        }
        return new ControlPlane(journal, store, options, time, state);
    }

    /// <summary>Registers a stored version under a name; the same version again only releases it.</summary>
    public Task<CommandResult> UploadAsync(UploadCommand command, CommandOrigin origin, CancellationToken cancellation) =>
        RunAsync(state => _rules.Upload(state, command, Stamp(origin)), cancellation);

    /// <summary>Lets a registered version answer under its name.</summary>
    public Task<CommandResult> ReleaseAsync(ReleaseCommand command, CommandOrigin origin, CancellationToken cancellation) =>
        RunAsync(state => _rules.Release(state, command, Stamp(origin)), cancellation);

    /// <summary>Goes back to a kept version.</summary>
    /// <param name="digest">Null is the version that answered before.</param>
    public Task<CommandResult> RollbackAsync(
        string name, VersionDigest? digest, long? expectedGeneration, CommandOrigin origin, CancellationToken cancellation) =>
        RunAsync(state => _rules.Rollback(state, name, digest, expectedGeneration, Stamp(origin)), cancellation);

    /// <summary>Takes an adapter with all its versions away; running answers end on what they have in memory.</summary>
    public Task<CommandResult> RemoveAsync(string name, long? expectedGeneration, CommandOrigin origin, CancellationToken cancellation) =>
        RunAsync(state => AdapterRules.Remove(state, name, expectedGeneration, Stamp(origin)), cancellation);

    /// <summary>Takes one version away that does not answer.</summary>
    public Task<CommandResult> RemoveVersionAsync(string name, VersionDigest digest, CommandOrigin origin, CancellationToken cancellation) =>
        RunAsync(state => _rules.RemoveVersion(state, name, digest, Stamp(origin)), cancellation);

    /// <summary>Keeps the current version of an adapter in memory, or no longer.</summary>
    public Task<CommandResult> PinAsync(string name, bool isPinned, CommandOrigin origin, CancellationToken cancellation) =>
        RunAsync(state => AdapterRules.Pin(state, name, isPinned, Stamp(origin)), cancellation);

    /// <summary>Says how dear an adapter is.</summary>
    public Task<CommandResult> PrioritizeAsync(string name, AdapterPriority priority, CommandOrigin origin, CancellationToken cancellation) =>
        RunAsync(state => AdapterRules.Prioritize(state, name, priority, Stamp(origin)), cancellation);

    /// <summary>Chooses what answers requests that name no model; null is the base model.</summary>
    public Task<CommandResult> SwitchDefaultAsync(string? name, long? expectedGeneration, CommandOrigin origin, CancellationToken cancellation) =>
        RunAsync(state => AdapterRules.SwitchDefault(state, name, expectedGeneration, Stamp(origin)), cancellation);

    /// <summary>Changes routes, releases or settings, all of them or none.</summary>
    /// <param name="action">How the audit calls it, such as <c>route.set</c>.</param>
    /// <param name="target">What it is done to, such as an alias.</param>
    /// <param name="details">A JSON object for the audit.</param>
    public Task<CommandResult> EditAsync(
        IReadOnlyList<DocumentEdit> edits, string action, string target, string? details, CommandOrigin origin, CancellationToken cancellation) =>
        RunAsync(state => DocumentRules.Edit(state, edits, Stamp(origin)(action, target) with { Details = details }), cancellation);

    /// <summary>Writes an audit entry for something that changes no document.</summary>
    /// <exception cref="JournalException">It could not be written.</exception>
    public Task<AuditEntry> RecordAsync(AuditRecord record, CancellationToken cancellation) =>
        _journal.CommitAsync([], record, expectedRevision: null, cancellation);

    /// <summary>Takes over what another node changed.</summary>
    /// <returns>Whether there was anything.</returns>
    /// <exception cref="JournalException">The journal cannot be read; the present state stays.</exception>
    public async Task<bool> RefreshAsync(CancellationToken cancellation)
    {
        await _writer.WaitAsync(cancellation);
        try
        {
            var before = _snapshot;
            var isNew = await _journal.ReadRevisionAsync(cancellation) != before.Revision && await ReloadAsync(cancellation);
            if (isNew)
            {
                RemoveFiles(before, _snapshot);
            }
            return isNew;
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <summary>Takes the files of a version away that was stored and then not registered.</summary>
    /// <returns>False where an adapter has it, or may have it.</returns>
    public async Task<bool> DiscardAsync(VersionDigest digest, CancellationToken cancellation)
    {
        await _writer.WaitAsync(cancellation);
        try
        {
            if (_isUncertain || _snapshot.IsRegistered(digest))
            {
                return false;
            }
            _store.Remove(digest);
            return true;
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <summary>Ends the control plane and its journal.</summary>
    public ValueTask DisposeAsync()
    {
        _writer.Dispose();
        return _journal.DisposeAsync();
    }

    private Func<string, string, AuditRecord> Stamp(CommandOrigin origin) => (action, target) =>
        new AuditRecord(_time.GetUtcNow(), origin.Actor, action, target) { Reason = origin.Reason, RequestId = origin.RequestId };

    private async Task<CommandResult> RunAsync(Func<ControlSnapshot, ControlDecision> decide, CancellationToken cancellation)
    {
        await _writer.WaitAsync(cancellation); // 1
        try
        {
            for (var attempt = 0; attempt < MaxAttempts; attempt++)
            {
                if (_isUncertain)
                {
                    await ReloadAsync(cancellation);
                }
                if (await TryRunAsync(decide) is { } result)
                {
                    return result;
                }
            }
            throw new JournalException("Other nodes changed the journal again and again; the command was not carried out.");
        }
        finally
        {
            _writer.Release();
        }
    }

    // Null where another node was faster.
    private async Task<CommandResult?> TryRunAsync(Func<ControlSnapshot, ControlDecision> decide)
    {
        var before = _snapshot;
        var decision = decide(before); // 2
        if (decision.Record is null)
        {
            return new CommandResult(decision.Outcome, before, before, null, decision.Problem);
        }
        if (await CommitAsync(before, decision) is not { } entry) // 3
        {
            return null;
        }
        var after = decision.Next with { Revision = entry.Sequence };
        _snapshot = after; // 4
        return new CommandResult(decision.Outcome, before, after, entry, null) { Removed = RemoveFiles(before, after) }; // 5
    }

    // A caller who goes away meanwhile changes nothing: what is begun is written and published. Null on a conflict.
    private async Task<AuditEntry?> CommitAsync(ControlSnapshot before, ControlDecision decision)
    {
        _isUncertain = true;
        try
        {
            var entry = await _journal.CommitAsync(
                ControlFormat.Diff(before, decision.Next), decision.Record!, before.Revision, CancellationToken.None);
            _isUncertain = false;
            return entry;
        }
        catch (JournalConflictException)
        {
            return null;
        }
        catch
        {
            // It may have been written all the same; what was written is published, now or before the next command.
            await TryReloadAsync();
            throw;
        }
    }

    private async Task TryReloadAsync()
    {
        try
        {
            await ReloadAsync(CancellationToken.None);
        }
        catch (JournalException)
        {
            // The caller hears of the first failure.
        }
    }

    private List<VersionDigest> RemoveFiles(ControlSnapshot before, ControlSnapshot after)
    {
        if (before.Adapters == after.Adapters)
        {
            return [];
        }
        var kept = after.Adapters.Values.SelectMany(adapter => adapter.Versions).Select(version => version.Digest).ToHashSet();
        var gone = before.Adapters.Values.SelectMany(adapter => adapter.Versions).Select(version => version.Digest).Where(digest => !kept.Contains(digest)).Distinct().ToList();
        // Files that cannot be taken away now are taken away at the next start.
        gone.ForEach(digest => _store.Remove(digest));
        return gone;
    }

    private async Task<bool> ReloadAsync(CancellationToken cancellation)
    {
        var state = ControlFormat.Read(await _journal.LoadAsync(cancellation));
        _isUncertain = false;
        if (state.Revision == _snapshot.Revision)
        {
            return false;
        }
        _snapshot = state;
        return true;
    }
}
