using System.Globalization;
using System.Text;

namespace Patchbay.Control.Routing;

/// <summary>Where a share of the requests is copied to.</summary>
/// <param name="Digest">The version that answers the copies.</param>
/// <param name="Share">The share of requests that are copied, in (0, 1].</param>
public sealed record ShadowTarget(string? Digest, double Share);

/// <summary>One version answers; a share of the requests is also answered by another one, for comparison only.</summary>
/// <param name="Digest">The version that answers, or <see cref="RoutePlan.Current"/>.</param>
/// <param name="Shadow">The version that is tried out.</param>
public sealed record ShadowPlan(string? Digest, ShadowTarget? Shadow) : RoutePlan
{
    /// <summary>The arm of the answers that callers get.</summary>
    public const string LiveArm = "live";

    /// <summary>The arm of the answers that nobody gets.</summary>
    public const string ShadowArm = "shadow";

    private protected override string Word => "shadow";

    internal override void Validate(PlanValidation validation, string path)
    {
        validation.CheckDigest(Digest, path + ".digest");
        if (Shadow is null)
        {
            validation.Add(path + ".shadow", "must be an object with 'digest' and 'share'");
            return;
        }
        validation.CheckDigest(Shadow.Digest, path + ".shadow.digest");
        if (Shadow.Digest is not null && Shadow.Digest == Digest)
        {
            validation.Add(path + ".shadow.digest", "must be another version than the one that answers");
        }
        if (!(Shadow.Share is > 0 and <= 1))
        {
            validation.Add(path + ".shadow.share", string.Create(CultureInfo.InvariantCulture, $"must be greater than 0 and at most 1; found {Shadow.Share}"));
        }
    }

    internal override PlanNode Compile(PlanCompilation compilation) =>
        new Node(compilation.Target(Digest), compilation.Target(Shadow!.Digest), Shadow.Share, compilation.Alias);

    private sealed class Node(VersionDigest? live, VersionDigest? shadow, double share, string alias) : PlanNode
    {
        private readonly byte[] _salt = Encoding.UTF8.GetBytes("shadow/" + alias);

        public override ArmChoice Choose(in RouteKey key, VersionDigest current, List<string>? why)
        {
            var point = StickyBucket.OfRequest(_salt, key);
            var isCopied = point < share;
            why?.Add(string.Create(CultureInfo.InvariantCulture,
                $"request '{key.RequestId}' falls on {point:0.0000}, the shadow's share is {share:0.####}: {(isCopied ? "copied" : "not copied")}"));
            return new ArmChoice(LiveArm, live ?? current, isCopied ? shadow ?? current : null);
        }
    }
}
