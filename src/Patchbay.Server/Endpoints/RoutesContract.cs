using System.Text.Json;
using System.Text.Json.Serialization;
using Patchbay.Control.Routing;
using Patchbay.Server.Releases;

namespace Patchbay.Server.Endpoints;

internal sealed record RouteListResponse(string Object, IReadOnlyList<RouteBody> Data);

internal sealed record RouteBody(string Alias, long Generation, JsonElement Plan)
{
    /// <summary>What the shadow did; absent where the alias has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ShadowBody? Shadow { get; init; }

    public static RouteBody From(AliasRoute route, ShadowComparison? shadow)
    {
        using var plan = JsonDocument.Parse(RoutePlanJson.Write(route.Plan));
        return new RouteBody(route.Alias, route.Generation, plan.RootElement.Clone())
        {
            Shadow = shadow is null ? null : ShadowBody.From(shadow),
        };
    }
}

/// <summary>How the copies of a shadow went, beside the answers that callers got.</summary>
/// <param name="Copied">Requests that were answered twice.</param>
/// <param name="Dropped">Copies that were given up for real requests.</param>
/// <param name="Compared">Copies whose text was compared.</param>
/// <param name="Same">Those of them whose text was the same.</param>
internal sealed record ShadowBody(long Copied, long Dropped, long Compared, long Same, IReadOnlyList<ArmBody> Arms, IReadOnlyList<ComparisonBody> Comparisons)
{
    public static ShadowBody From(ShadowComparison shadow)
    {
        var observation = shadow.Figures.Observe(Control.ProbeOutcome.None);
        return new ShadowBody(
            Interlocked.Read(ref shadow.Copied), Interlocked.Read(ref shadow.Dropped), Interlocked.Read(ref shadow.Compared), Interlocked.Read(ref shadow.Same),
            [
                ArmBody.From(ShadowPlan.LiveArm, RoutePlan.Current, 100, observation.StableTotal, shadow.Figures.Stable, "none"),
                ArmBody.From(ShadowPlan.ShadowArm, shadow.Digest.ToString(), 0, observation.CandidateTotal, shadow.Figures.Candidate, "none"),
            ],
            [.. Control.Releases.ReleaseComparison.All(observation).Select(ComparisonBody.From)]);
    }
}

internal sealed record ExplainResponse(string Alias, string? Arm, string Digest, long Generation, string? Shadow, IReadOnlyList<string> Why);

/// <param name="CommentKept">Whether there was a comment and it is kept.</param>
internal sealed record FeedbackResponse(string Id, bool Accepted, bool CommentKept);
