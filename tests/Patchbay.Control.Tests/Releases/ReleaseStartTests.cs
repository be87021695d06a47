using System.Text.Json;
using Patchbay.Control.Releases;
using Patchbay.Control.Routing;

namespace Patchbay.Control.Tests.Releases;

public sealed class ReleaseStartTests
{
    private static readonly ReleaseSurroundings Good = new(Versions.Of("a"), Versions.Of("b"), ProbeOutcome.Passed, null, null, _ => null);

    [Fact]
    public void ReleaseWithManyFaults_Validate_ReportsAllWithTheirPaths()
    {
        var spec = new ReleaseSpec("medical", "x",
            [new RolloutStep(10, -1, -1), new RolloutStep(5), new RolloutStep(101)],
            [new ReleaseGuard(GuardMetric.TtftP95Ratio), new ReleaseGuard(GuardMetric.ErrorRate, Max: 0.1, Min: 0.2, MinSamples: 0, FailureLimit: -1), new ReleaseGuard(GuardMetric.JudgeScore), new ReleaseGuard(GuardMetric.Probe, Max: 1)],
            []);
        Assert.Equal(
            ["guards[0]", "guards[1].failure_limit", "guards[1].min", "guards[1].min_samples", "guards[2].metric", "guards[3]", "steps[0].hold_seconds", "steps[0].min_requests", "steps[1].weight", "steps[2].weight"],
            ReleaseStart.Validate(spec, Good).Select(problem => problem.Field).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void WrongSurroundings_Validate_AreEachRefused()
    {
        Assert.Empty(Problems(Good));
        Assert.Equal(["alias"], Problems(Good with { Stable = null }));
        Assert.Equal(["candidate"], Problems(Good with { Candidate = null }));
        Assert.Equal(["candidate"], Problems(Good with { Candidate = Good.Stable }));
        Assert.Equal(["candidate"], Problems(Good with { Probe = ProbeOutcome.Failed }));
        Assert.Equal(["alias"], Problems(Good with { RunningRelease = "rel-7" }));
        Assert.Equal(["alias"], Problems(Good with { RouteKind = "ab" }));
    }

    [Fact]
    public void Judges_Validate_NeedGoodNamesAndWhatTheirKindWants()
    {
        var spec = new ReleaseSpec("medical", "x", [new RolloutStep(1)],
            Judges: [new ReleaseJudge(JudgeKind.Regex, "a", "x"), new ReleaseJudge(JudgeKind.Regex, "a", "x"), new ReleaseJudge(JudgeKind.Regex, "c", "(")]);
        var problems = ReleaseStart.Validate(spec, Good with { FindJudgeProblem = judge => judge.Pattern == "(" ? new FieldProblem("pattern", "is no pattern") : null });
        Assert.Equal(["judges[1].name", "judges[2].pattern"], problems.Select(problem => problem.Field));
    }

    [Fact]
    public void RequestOfTheContract_ReadSpec_IsUnderstood()
    {
        var spec = Read("""
            {"alias":"medical","candidate":"sha256:00","kind":"ab","steps":[{"weight":1,"min_requests":20,"hold_seconds":10},{"weight":100}],
             "guards":[{"metric":"error_rate","max":0.02,"min_samples":50},{"metric":"length_ratio","min":0.5,"max":2,"failure_limit":2}],
             "judges":[{"kind":"json_schema","name":"j","schema":{"type":"object"}}],"sticky":"session","reason":"r"}
            """, out var problem)!;
        Assert.Null(problem);
        Assert.Equal((ReleaseKind.Ab, Stickiness.Session, null, "r"), (spec.Kind, spec.Sticky, spec.AutoPromote, spec.Reason));
        Assert.Equal([new RolloutStep(1, 20, 10), new RolloutStep(100)], spec.Steps!);
        Assert.Equal(new ReleaseGuard(GuardMetric.LengthRatio, 2, 0.5, 20, 2), spec.Guards![1]);
        Assert.Equal(JudgeKind.JsonSchema, spec.Judges![0].Kind);
        // The release keeps its schemas; the request is gone by now.
        Assert.Equal("""{"type":"object"}""", spec.Judges[0].Schema!.Value.GetRawText());
        Assert.False(Read("""{"alias":"m","candidate":"x","steps":[],"auto_promote":false}""", out _)!.AutoPromote);
    }

    [Theory]
    [InlineData("""{"alias":1}""", "alias")]
    [InlineData("""{"steps":[{"weight":"x"}]}""", "steps[0].weight")]
    [InlineData("""{"guards":[{"metric":"luck"}]}""", "guards[0].metric")]
    [InlineData("""{"speed":1}""", "speed")]
    [InlineData("[]", "")]
    public void MalformedRequest_ReadSpec_NamesTheField(string document, string field)
    {
        Assert.Null(Read(document, out var problem));
        Assert.Equal(field, problem!.Field);
    }

    private static string[] Problems(ReleaseSurroundings surroundings) =>
        [.. ReleaseStart.Validate(new ReleaseSpec("medical", "x", [new RolloutStep(100)]), surroundings).Select(problem => problem.Field)];

    private static ReleaseSpec? Read(string document, out FieldProblem? problem)
    {
        using var json = JsonDocument.Parse(document);
        return ReleaseJson.ReadSpec(json.RootElement, out problem);
    }
}
