using System.Collections.Immutable;
using Patchbay.Control.Journal;

namespace Patchbay.Control;

/// <summary>
/// What commands about versions do to a state: pure functions from the state before to the state after, or to the reason
/// why not. Knows no journal and no files, only whether a version is stored and leased.
/// </summary>
internal sealed class VersionRules(ControlPlaneOptions options, Func<VersionDigest, bool> isStored)
{
    private const int MaxNote = 4096;

    public ControlDecision Upload(ControlSnapshot state, UploadCommand command, Func<string, string, AuditRecord> stamp)
    {
        var (name, version) = (command.Name, command.Version);
        var adapter = state.Adapters.GetValueOrDefault(name);
        if (FindUploadProblem(state, command, adapter) is { } refusal)
        {
            return refusal;
        }
        var isNew = adapter is null || !adapter.TryGet(version.Digest, out _);
        adapter ??= new AdapterRecord(name, []);
        adapter = isNew ? adapter with { Versions = adapter.Versions.Add(version) } : adapter;
        var aliases = state.Aliases;
        AliasChange change = default;
        if (command.Release)
        {
            aliases = aliases.Set(name, version.Digest, command.ExpectedGeneration, out change);
            adapter = change.Outcome == AliasChangeOutcome.Applied ? WithRelease(adapter, change.Previous?.Digest, version.Digest) : adapter;
        }
        if (!isNew && aliases == state.Aliases)
        {
            return ControlDecision.Unchanged(state);
        }
        var next = Retain(state with { Aliases = aliases, Adapters = state.Adapters.SetItem(name, adapter) }, name, version.Digest, out var retired);
        var details = AuditDetails.Of(
            ("generation", change.Current is { } current ? AuditDetails.Number(current.Generation) : null), ("is_new", AuditDetails.Truth(isNew)),
            ("released", AuditDetails.Truth(aliases != state.Aliases)), ("retired", retired.Count == 0 ? null : AuditDetails.List(retired)));
        return ControlDecision.Apply(
            next, stamp("adapter.upload", name) with { From = change.Previous?.Digest, To = version.Digest, Details = details });
    }

    public ControlDecision Release(ControlSnapshot state, ReleaseCommand command, Func<string, string, AuditRecord> stamp) =>
        Point(state, command, stamp, adapter => WithRelease(adapter, state.FindCurrent(command.Name), command.Digest));

    public ControlDecision Rollback(
        ControlSnapshot state, string name, VersionDigest? digest, long? expectedGeneration, Func<string, string, AuditRecord> stamp)
    {
        if (!state.Adapters.TryGetValue(name, out var adapter))
        {
            return ControlDecision.NoSuchAdapter(state, name);
        }
        // The last one that differs from what answers; everything released after it is forgotten, so that a second
        // rollback goes further back and not forth again.
        var current = state.FindCurrent(name);
        var at = adapter.Releases.Length - 1;
        while (at >= 0 && (adapter.Releases[at] == current || (digest is { } wanted && adapter.Releases[at] != wanted)))
        {
            at--;
        }
        if (digest is null && at < 0)
        {
            return ControlDecision.Refuse(CommandOutcome.NothingBefore, state, $"No kept version of '{name}' answered before this one.");
        }
        var command = new ReleaseCommand(name, digest ?? adapter.Releases[at]) { ExpectedGeneration = expectedGeneration, Action = "adapter.rollback" };
        return Point(state, command, stamp, before => at < 0
            ? WithRelease(before, current, command.Digest)
            : before with { Releases = before.Releases[..at] });
    }

    public ControlDecision RemoveVersion(ControlSnapshot state, string name, VersionDigest digest, Func<string, string, AuditRecord> stamp)
    {
        if (!state.Adapters.TryGetValue(name, out var adapter))
        {
            return ControlDecision.NoSuchAdapter(state, name);
        }
        if (!adapter.TryGet(digest, out var version))
        {
            return ControlDecision.NoSuchVersion(state, name, digest);
        }
        if (state.FindCurrent(name) == digest)
        {
            return ControlDecision.Refuse(CommandOutcome.InUse, state, $"Version {digest.Abbreviation} answers for '{name}' now; release another first.");
        }
        // Under another name its files stay, so nobody loses them.
        var next = WithVersions(state, adapter, adapter.Versions.Remove(version));
        if (!next.IsRegistered(digest))
        {
            if (state.FindReference(digest) is { } holder)
            {
                return ControlDecision.Refuse(CommandOutcome.InUse, state, $"Version {digest.Abbreviation} is needed by {holder}; remove that first.");
            }
            if (options.IsLeased(digest))
            {
                return ControlDecision.Refuse(CommandOutcome.InUse, state, $"Version {digest.Abbreviation} is in use by running answers; try again when they have ended.");
            }
        }
        return ControlDecision.Apply(next, stamp("version.remove", name) with { From = digest });
    }

    // Points a name to one of its versions, in one step with documents.
    private ControlDecision Point(
        ControlSnapshot state, ReleaseCommand command, Func<string, string, AuditRecord> stamp, Func<AdapterRecord, AdapterRecord> change)
    {
        var (name, digest) = (command.Name, command.Digest);
        if (!state.Adapters.TryGetValue(name, out var adapter))
        {
            return ControlDecision.NoSuchAdapter(state, name);
        }
        if (ControlDecision.FindGenerationProblem(state, name, command.ExpectedGeneration) is { } refusal)
        {
            return refusal;
        }
        if (!adapter.TryGet(digest, out _))
        {
            return ControlDecision.NoSuchVersion(state, name, digest);
        }
        if (!isStored(digest))
        {
            return ControlDecision.NotStored(state, digest);
        }
        var aliases = state.Aliases.Set(name, digest, null, out var alias);
        var next = alias.Outcome == AliasChangeOutcome.Applied
            ? state with { Aliases = aliases, Adapters = state.Adapters.SetItem(name, change(adapter)) }
            : state;
        var record = stamp(command.Action, name) with
        {
            From = alias.Previous?.Digest,
            To = digest,
            Details = AuditDetails.Of(("generation", AuditDetails.Number(alias.Current!.Generation))),
        };
        var edited = DocumentRules.Edit(next, command.Documents, record);
        return edited.Outcome switch
        {
            CommandOutcome.Applied => edited,
            CommandOutcome.Unchanged => next == state ? ControlDecision.Unchanged(state) : ControlDecision.Apply(next, record),
            _ => edited with { Next = state },
        };
    }

    private ControlDecision? FindUploadProblem(ControlSnapshot state, UploadCommand command, AdapterRecord? adapter)
    {
        var (name, version) = (command.Name, command.Version);
        if (AdapterName.FindProblem(name, options.BaseName) is { } problem)
        {
            return ControlDecision.Refuse(CommandOutcome.Invalid, state, problem);
        }
        if (version.Note?.Length > MaxNote || version.Reason?.Length > MaxNote)
        {
            return ControlDecision.Refuse(CommandOutcome.Invalid, state, $"A note or reason has at most {MaxNote} characters.");
        }
        if (adapter is null && state.Adapters.Count >= options.MaxAdapters)
        {
            return ControlDecision.Refuse(CommandOutcome.Invalid, state, $"There are {options.MaxAdapters} adapters already, the most that are kept; remove one first.");
        }
        return ControlDecision.FindGenerationProblem(state, name, command.ExpectedGeneration) ?? (isStored(version.Digest) ? null : ControlDecision.NotStored(state, version.Digest));
    }

    private static AdapterRecord WithRelease(AdapterRecord adapter, VersionDigest? before, VersionDigest now)
    {
        if (before is not { } previous || previous == now)
        {
            return adapter;
        }
        var releases = adapter.Releases.Add(previous);
        return adapter with { Releases = releases.Length > AdapterRecord.MaxReleases ? releases.RemoveAt(0) : releases };
    }

    // Oldest versions go first; what answers, runs or is needed stays and does not count as a reason to drop another.
    private ControlSnapshot Retain(ControlSnapshot state, string name, VersionDigest uploaded, out List<VersionDigest> retired)
    {
        var adapter = state.Adapters[name];
        var excess = adapter.Versions.Length - Math.Max(1, options.KeptVersions);
        var gone = adapter.Versions
            .Where(version => version.Digest != uploaded && state.FindCurrent(name) != version.Digest
                && state.FindReference(version.Digest) is null && !options.IsLeased(version.Digest))
            .Take(Math.Max(0, excess)).ToList();
        retired = [.. gone.Select(version => version.Digest)];
        return gone.Count == 0 ? state : WithVersions(state, adapter, adapter.Versions.RemoveRange(gone));
    }

    private static ControlSnapshot WithVersions(ControlSnapshot state, AdapterRecord adapter, ImmutableArray<RegisteredVersion> versions)
    {
        var kept = versions.Select(version => version.Digest).ToHashSet();
        var changed = adapter with { Versions = versions, Releases = [.. adapter.Releases.Where(kept.Contains)] };
        return state with
        {
            Adapters = versions.IsEmpty ? state.Adapters.Remove(adapter.Name) : state.Adapters.SetItem(adapter.Name, changed),
        };
    }
}
