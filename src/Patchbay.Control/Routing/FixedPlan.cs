namespace Patchbay.Control.Routing;

/// <summary>Every request gets one version.</summary>
/// <param name="Digest">The version, or <see cref="RoutePlan.Current"/>.</param>
public sealed record FixedPlan(string? Digest) : RoutePlan
{
    private protected override string Word => "fixed";

    internal override void Validate(PlanValidation validation, string path) => validation.CheckDigest(Digest, path + ".digest");

    internal override PlanNode Compile(PlanCompilation compilation) => new Node(compilation.Target(Digest));

    private sealed class Node(VersionDigest? digest) : PlanNode
    {
        public override ArmChoice Choose(in RouteKey key, VersionDigest current, List<string>? why)
        {
            why?.Add(digest is null ? "the plan is fixed: the alias's own version answers" : "the plan is fixed: one version answers");
            return new ArmChoice(null, digest ?? current, null);
        }
    }
}
