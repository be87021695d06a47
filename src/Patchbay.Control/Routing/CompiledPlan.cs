namespace Patchbay.Control.Routing;

/// <summary>
/// A plan made ready to choose: digests parsed, salts encoded, ranges laid out. Immutable; choosing costs under two
/// microseconds and allocates nothing.
/// </summary>
public sealed class CompiledPlan
{
    private readonly PlanNode _root;

    private CompiledPlan(RoutePlan plan, PlanNode root, IReadOnlySet<VersionDigest> digests)
    {
        Plan = plan;
        _root = root;
        Digests = digests;
    }

    /// <summary>The plan as it was written.</summary>
    public RoutePlan Plan { get; }

    /// <summary>Every version that the plan names; the alias's own one is not among them.</summary>
    public IReadOnlySet<VersionDigest> Digests { get; }

    /// <summary>Makes a plan ready that <see cref="RoutePlanValidator"/> found nothing wrong with.</summary>
    public static CompiledPlan Compile(string alias, RoutePlan plan)
    {
        var compilation = new PlanCompilation(alias);
        var root = plan.Compile(compilation);
        return new CompiledPlan(plan, root, compilation.Digests);
    }

    /// <summary>Chooses the version that answers a request.</summary>
    /// <param name="current">The alias's own version at this moment.</param>
    public ArmChoice Choose(in RouteKey key, VersionDigest current) => _root.Choose(key, current, null);

    /// <summary>Chooses as <see cref="Choose"/> does and says why, step by step.</summary>
    public (ArmChoice Choice, IReadOnlyList<string> Why) Explain(in RouteKey key, VersionDigest current)
    {
        var why = new List<string>();
        return (_root.Choose(key, current, why), why);
    }
}

/// <summary>One policy, made ready. Choosing and explaining are one method, so that they cannot disagree.</summary>
internal abstract class PlanNode
{
    public abstract ArmChoice Choose(in RouteKey key, VersionDigest current, List<string>? why);
}

/// <summary>What a plan's policies share while they are made ready.</summary>
internal sealed class PlanCompilation(string alias)
{
    private readonly HashSet<VersionDigest> _digests = [];

    public string Alias { get; } = alias;

    public IReadOnlySet<VersionDigest> Digests => _digests;

    /// <summary>The version of a written digest; null is the alias's own.</summary>
    public VersionDigest? Target(string? digest)
    {
        if (digest == RoutePlan.Current)
        {
            return null;
        }
        if (!VersionDigest.TryParse(digest, out var parsed))
        {
            throw new ArgumentException("A plan must be validated before it is made ready: it holds something that is no digest.", nameof(digest));
        }
        _digests.Add(parsed);
        return parsed;
    }
}
