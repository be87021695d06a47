using System.Text.Json;
using Patchbay.Control.Routing;

namespace Patchbay.Control.Tests.Routing;

public sealed class RoutePlanTests
{
    private static readonly VersionDigest Stable = Versions.Of("stable"), Canary = Versions.Of("canary"), Third = Versions.Of("third");

    public static TheoryData<string> Documents => new()
    {
        $$$"""{"kind":"fixed","digest":"{{{Stable}}}"}""",
        $$$"""{"kind":"weighted","arms":[{"name":"stable","digest":"current","weight":90},{"name":"canary","digest":"{{{Canary}}}","weight":10}],"sticky":"user","salt":"s"}""",
        $$$"""{"kind":"ab","arms":[{"name":"a","digest":"{{{Stable}}}","weight":50},{"name":"b","digest":"{{{Canary}}}","weight":50}],"sticky":"session"}""",
        $$$"""{"kind":"shadow","digest":"{{{Stable}}}","shadow":{"digest":"{{{Canary}}}","share":0.05}}""",
        $$$"""{"kind":"rules","rules":[{"match":{"header":{"name":"x-tenant","value":"acme"}},"plan":{"kind":"fixed","digest":"{{{Canary}}}"}}],"otherwise":{"kind":"fixed","digest":"current"}}""",
    };

    [Theory]
    [MemberData(nameof(Documents))]
    public void DocumentOfTheContract_ReadAndWrite_GivesTheSameText(string document)
    {
        var plan = Read(document, out var problem);
        Assert.Null(problem);
        Assert.Empty(RoutePlanValidator.Validate(plan, _ => true));
        Assert.Equal(document, RoutePlanJson.Write(plan!));
    }

    [Theory]
    [InlineData("""{"kind":"fixed","digest":"current","extra":1}""", "plan.extra", "not a field")]
    [InlineData("""{"digest":"current"}""", "plan", "kind")]
    [InlineData("""{"kind":"magic"}""", "plan", "kind")]
    [InlineData("""{"kind":"weighted","arms":[{"name":"a","digest":"current","weight":"ten"}]}""", "plan.arms[0].weight", "type")]
    [InlineData("""{"kind":"ab","arms":[],"sticky":"always"}""", "plan.sticky", "not allowed")]
    [InlineData("""[]""", "plan", "object")]
    public void MalformedDocument_Read_NamesTheField(string document, string field, string words)
    {
        Assert.Null(Read(document, out var problem));
        Assert.Equal(field, problem!.Field);
        Assert.Contains(words, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Patchbay", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shadow_Choose_CopiesItsShareAndAlwaysAnswersLive()
    {
        var plan = CompiledPlan.Compile("medical", new ShadowPlan(RoutePlan.Current, new ShadowTarget(Canary.ToString(), 0.05)));
        var copies = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var choice = plan.Choose(new RouteKey($"req-{i}", User: "one user"), Stable);
            Assert.Equal((ShadowPlan.LiveArm, Stable), (choice.Arm, choice.Digest));
            copies += choice.Shadow == Canary ? 1 : 0;
        }
        Assert.InRange(copies, 900, 1_100);
    }

    [Fact]
    public void Rules_Explain_SaysWhichMatchedAndAgreesWithChoose()
    {
        var plan = CompiledPlan.Compile("medical", new RulesPlan(
        [
            new RouteRule(new RouteMatch(Header: new HeaderMatch("x-tenant", "acme")), new FixedPlan(Canary.ToString())),
            new RouteRule(new RouteMatch(User: "tester"), new FixedPlan(Third.ToString())),
        ], new WeightedPlan([new PlanArm("stable", "current", 90), new PlanArm("canary", Canary.ToString(), 10)])));
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["X-Tenant"] = "acme" };
        var key = new RouteKey("r", User: "tester") { Headers = headers, FindHeader = static (source, name) => ((Dictionary<string, string>)source).GetValueOrDefault(name) };

        Assert.Equal(Canary, plan.Choose(key, Stable).Digest);
        var (choice, why) = plan.Explain(key with { Headers = null }, Stable);
        Assert.Equal(Third, choice.Digest);
        Assert.Equal(["rule 1 did not match: header x-tenant differs", "rule 2 matched", "the plan is fixed: one version answers"], why);

        (choice, why) = plan.Explain(new RouteKey("r", User: "u1"), Stable);
        Assert.Equal(choice, plan.Choose(new RouteKey("r", User: "u1"), Stable));
        Assert.StartsWith("key 'user:u1' falls on 0.", why[^1], StringComparison.Ordinal);
        Assert.Contains($"arm {choice.Arm} covers 0.", why[^1], StringComparison.Ordinal);
        Assert.Equal([Canary, Third], plan.Digests.OrderBy(digest => digest == Third));
    }

    [Fact]
    public void CurrentDigest_Choose_FollowsTheAlias()
    {
        var plan = CompiledPlan.Compile("medical", new FixedPlan(RoutePlan.Current));
        Assert.Equal(Stable, plan.Choose(new RouteKey("r"), Stable).Digest);
        Assert.Equal(Third, plan.Choose(new RouteKey("r"), Third).Digest);
    }

    private static RoutePlan? Read(string document, out FieldProblem? problem)
    {
        using var json = JsonDocument.Parse(document);
        return RoutePlanJson.Read(json.RootElement, out problem);
    }
}
