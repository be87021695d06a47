using Patchbay.Control.Journal;

namespace Patchbay.Control;

/// <summary>What commands about whole adapters and the default do to a state.</summary>
internal static class AdapterRules
{
    public static ControlDecision Remove(ControlSnapshot state, string name, long? expectedGeneration, Func<string, string, AuditRecord> stamp)
    {
        if (!state.Adapters.TryGetValue(name, out var adapter))
        {
            return ControlDecision.NoSuchAdapter(state, name);
        }
        if (ControlDecision.FindGenerationProblem(state, name, expectedGeneration) is { } refusal)
        {
            return refusal;
        }
        var aliases = state.Aliases.Remove(name, null, out var change);
        if (change.Outcome == AliasChangeOutcome.AnswersDefault)
        {
            return ControlDecision.Refuse(
                CommandOutcome.AnswersDefault, state, $"'{name}' answers requests that name no model; switch the default first.");
        }
        var next = state with { Aliases = aliases, Adapters = state.Adapters.Remove(name) };
        var needed = adapter.Versions.FirstOrDefault(version => !next.IsRegistered(version.Digest) && state.FindReference(version.Digest) is not null);
        if (needed is not null || state.Documents.ContainsKey((DocumentKind.Route, name)))
        {
            var holder = needed is null ? $"route '{name}'" : state.FindReference(needed.Digest);
            return ControlDecision.Refuse(CommandOutcome.InUse, state, $"'{name}' is needed by {holder}; remove that first.");
        }
        return ControlDecision.Apply(next, stamp("adapter.remove", name) with
        {
            From = change.Previous?.Digest,
            Details = AuditDetails.Of(("versions", AuditDetails.List(adapter.Versions.Select(version => version.Digest)))),
        });
    }

    public static ControlDecision Pin(ControlSnapshot state, string name, bool isPinned, Func<string, string, AuditRecord> stamp) =>
        Configure(state, name, adapter => adapter with { IsPinned = isPinned }, stamp("adapter.pin", name) with
        {
            Details = AuditDetails.Of(("pinned", AuditDetails.Truth(isPinned))),
        });

    public static ControlDecision Prioritize(ControlSnapshot state, string name, AdapterPriority priority, Func<string, string, AuditRecord> stamp) =>
        Configure(state, name, adapter => adapter with { Priority = priority }, stamp("adapter.priority", name) with
        {
            Details = AuditDetails.Of(("priority", AuditDetails.Text(priority.ToString()))),
        });

    public static ControlDecision SwitchDefault(ControlSnapshot state, string? name, long? expectedGeneration, Func<string, string, AuditRecord> stamp)
    {
        var aliases = state.Aliases.SetDefault(name, expectedGeneration, out var change);
        return change.Outcome switch
        {
            AliasChangeOutcome.GenerationMismatch => ControlDecision.Refuse(
                CommandOutcome.GenerationMismatch, state, $"The default is at generation {change.Current.Generation}; expected {expectedGeneration}."),
            AliasChangeOutcome.NoSuchAlias => ControlDecision.NoSuchAdapter(state, name!),
            AliasChangeOutcome.Unchanged => ControlDecision.Unchanged(state),
            _ => ControlDecision.Apply(state with { Aliases = aliases }, stamp("default.switch", name ?? "base") with
            {
                From = change.Previous.Target?.Digest,
                To = change.Current.Target?.Digest,
                Details = AuditDetails.Of(
                    ("from_name", AuditDetails.Text(change.Previous.Target?.Name)), ("generation", AuditDetails.Number(change.Current.Generation)), ("to_name", AuditDetails.Text(name))),
            }),
        };
    }

    private static ControlDecision Configure(ControlSnapshot state, string name, Func<AdapterRecord, AdapterRecord> change, AuditRecord record)
    {
        if (!state.Adapters.TryGetValue(name, out var adapter))
        {
            return ControlDecision.NoSuchAdapter(state, name);
        }
        var changed = change(adapter);
        return changed == adapter
            ? ControlDecision.Unchanged(state)
            : ControlDecision.Apply(state with { Adapters = state.Adapters.SetItem(name, changed) }, record with { To = state.FindCurrent(name) });
    }
}
