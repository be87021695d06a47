using System.Collections.Immutable;
using System.Text.Json;
using Patchbay.Control.Journal;

namespace Patchbay.Control.Routing;

/// <summary>
/// The plans of all aliases, made ready. Follows the state that a request holds, so plan and alias are of one moment; a plan is
/// compiled once, by the first request that sees it.
/// </summary>
public sealed class RouteTable
{
    private volatile Plans _plans = new(ImmutableDictionary<(string Kind, string Key), ControlDocument>.Empty, new(StringComparer.Ordinal));

    /// <summary>The plan of an alias; null where its own version answers everything.</summary>
    public CompiledPlan? Find(string alias, ControlSnapshot state)
    {
        var plans = _plans;
        if (plans.Source != state.Documents)
        {
            _plans = plans = Compile(state, plans);
        }
        return plans.ByAlias.TryGetValue(alias, out var entry) ? entry.Plan : null;
    }

    private static Plans Compile(ControlSnapshot state, Plans before)
    {
        var plans = new Dictionary<string, (ControlDocument Document, CompiledPlan Plan)>(StringComparer.Ordinal);
        foreach (var document in state.Documents.Values.Where(document => document.Kind == DocumentKind.Route))
        {
            if (before.ByAlias.TryGetValue(document.Key, out var known) && known.Document == document)
            {
                plans[document.Key] = known;
            }
            else if (Read(document) is { } plan)
            {
                plans[document.Key] = (document, CompiledPlan.Compile(document.Key, plan));
            }
        }
        return new Plans(state.Documents, plans);
    }

    /// <summary>The plan that a document holds; null where a newer program wrote what this one does not know.</summary>
    internal static RoutePlan? Read(ControlDocument document)
    {
        using var json = JsonDocument.Parse(document.Json);
        return RoutePlanJson.Read(json.RootElement, out _);
    }

    private sealed record Plans(
        ImmutableDictionary<(string Kind, string Key), ControlDocument> Source, Dictionary<string, (ControlDocument Document, CompiledPlan Plan)> ByAlias);
}
