using Patchbay.Control.Journal;

namespace Patchbay.Control.Routing;

/// <summary>The plan of an alias and how often it was changed.</summary>
/// <param name="Generation">0 where no plan was ever set; then the alias's own version answers.</param>
public sealed record AliasRoute(string Alias, long Generation, RoutePlan Plan);

/// <summary>What became of a change of a route.</summary>
/// <param name="Route">The route as it is now; null where it was not changed.</param>
/// <param name="Problems">Everything that is wrong with the plan.</param>
/// <param name="Refusal">Why the control plane did not take it; null where it did or was not asked.</param>
public sealed record RouteAnswer(AliasRoute? Route, IReadOnlyList<FieldProblem> Problems, CommandResult? Refusal);

/// <summary>Sets, removes and explains the plans of aliases: validated as a whole, journaled, by compare-and-set.</summary>
public sealed class RouteCommands(ControlPlane plane)
{
    /// <summary>The present plan of an alias; null where there is no such alias.</summary>
    public AliasRoute? Find(string alias)
    {
        var state = plane.Snapshot;
        if (!state.Adapters.ContainsKey(alias))
        {
            return null;
        }
        return state.TryGetDocument(DocumentKind.Route, alias, out var document) && RouteTable.Read(document) is { } plan
            ? new AliasRoute(alias, document.Revision, plan)
            : new AliasRoute(alias, 0, new FixedPlan(RoutePlan.Current));
    }

    /// <summary>Every alias's plan, by name.</summary>
    public IReadOnlyList<AliasRoute> List() =>
        [.. plane.Snapshot.Adapters.Keys.Order(StringComparer.Ordinal).Select(Find).OfType<AliasRoute>()];

    /// <summary>Everything that is wrong with a plan for this state.</summary>
    public IReadOnlyList<FieldProblem> Validate(RoutePlan? plan) => RoutePlanValidator.Validate(plan, plane.Snapshot.IsRegistered);

    /// <summary>Gives an alias a plan. Keys stay on the arms they had as far as the weights allow.</summary>
    public async Task<RouteAnswer> SetAsync(string alias, RoutePlan plan, long? expectedGeneration, CommandOrigin origin, CancellationToken cancellation)
    {
        var before = Find(alias);
        if (Refuse(alias, before) is { } problem)
        {
            return new RouteAnswer(null, [problem], null);
        }
        var problems = Validate(plan);
        if (problems.Count > 0)
        {
            return new RouteAnswer(null, problems, null);
        }
        plan = plan.After(before!.Plan);
        var edit = new DocumentEdit(DocumentKind.Route, alias, RoutePlanJson.Write(plan))
        {
            References = [.. CompiledPlan.Compile(alias, plan).Digests],
            // The layout rests on the plan that was just read, so that very plan has to be there still.
            ExpectedRevision = expectedGeneration ?? before.Generation,
        };
        return Settle(alias, await plane.EditAsync([edit], "route.set", alias, RoutePlanJson.Write(plan), origin, cancellation));
    }

    /// <summary>Lets the alias's own version answer everything again.</summary>
    public async Task<RouteAnswer> RemoveAsync(string alias, long? expectedGeneration, CommandOrigin origin, CancellationToken cancellation)
    {
        var before = Find(alias);
        if (Refuse(alias, before) is { } problem)
        {
            return new RouteAnswer(null, [problem], null);
        }
        if (before!.Generation == 0)
        {
            return new RouteAnswer(before, [], null);
        }
        var edit = new DocumentEdit(DocumentKind.Route, alias, null) { ExpectedRevision = expectedGeneration };
        return Settle(alias, await plane.EditAsync([edit], "route.remove", alias, null, origin, cancellation));
    }

    private FieldProblem? Refuse(string alias, AliasRoute? route) => route is null
        ? new FieldProblem("alias", $"no adapter has the name '{alias}'")
        : Releases.ReleaseDocuments.FindRunning(plane.Snapshot, alias) is { } running
            ? new FieldProblem("alias", $"release {running.Id} decides about '{alias}' now; end it first")
            : null;

    private RouteAnswer Settle(string alias, CommandResult result) => result.Outcome is CommandOutcome.Applied or CommandOutcome.Unchanged
        ? new RouteAnswer(Find(alias), [], null)
        : new RouteAnswer(null, [], result);
}
