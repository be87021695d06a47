using Patchbay.Control.Routing;

namespace Patchbay.Control.Tests.Routing;

public sealed class RoutePlanValidatorTests
{
    private static readonly string Known = Versions.Of("known").ToString(), Unknown = Versions.Of("unknown").ToString();

    [Fact]
    public void PlanWithManyFaults_Validate_ReportsAllWithTheirPaths()
    {
        var plan = new RulesPlan(
        [
            new RouteRule(new RouteMatch(User: "u"), new WeightedPlan(
                [new PlanArm("a", Unknown, 60), new PlanArm("a", "sha256:12", 30), new PlanArm("bad name", Known, double.NaN)])),
            new RouteRule(new RouteMatch(User: "u", Key: "k"), new FixedPlan(null)),
            new RouteRule(new RouteMatch(), null),
            new RouteRule(null, new ShadowPlan(Known, new ShadowTarget(Known, 2))),
        ], new AbPlan([new PlanArm("only", Known, 0)]));

        var problems = Validate(plan);

        Assert.Equal(
        [
            "plan.otherwise.arms",
            "plan.otherwise.arms",
            "plan.otherwise.arms[0].weight",
            "plan.rules[0].plan.arms",
            "plan.rules[0].plan.arms[0].digest",
            "plan.rules[0].plan.arms[1].digest",
            "plan.rules[0].plan.arms[1].name",
            "plan.rules[0].plan.arms[2].name",
            "plan.rules[0].plan.arms[2].weight",
            "plan.rules[1].match",
            "plan.rules[1].plan.digest",
            "plan.rules[2].match",
            "plan.rules[2].plan",
            "plan.rules[3].match",
            "plan.rules[3].plan.shadow.digest",
            "plan.rules[3].plan.shadow.share",
        ], problems.Select(problem => problem.Field).Order(StringComparer.Ordinal));
        Assert.All(problems, problem => Assert.NotEmpty(problem.Message));
    }

    [Theory]
    [InlineData(90, 10, true)]
    [InlineData(33.3, 66.7, true)]
    [InlineData(90, 9.99, false)]
    [InlineData(110, -10, false)]
    [InlineData(50, 50.0000001, true)]
    [InlineData(50, 50.00001, false)]
    public void Weights_Validate_MustSumTo100(double first, double second, bool isGood) =>
        Assert.Equal(isGood, Validate(new WeightedPlan([new PlanArm("a", Known, first), new PlanArm("b", Known, second)])).Count == 0);

    [Fact]
    public void RuleInsideAContradictingRule_Validate_SaysThatItCannotMatch()
    {
        var plan = new RulesPlan(
            [new RouteRule(new RouteMatch(Tenant: "acme"), new RulesPlan([new RouteRule(new RouteMatch(Tenant: "other"), Fixed)], Fixed))], Fixed);
        var problem = Assert.Single(Validate(plan));
        Assert.Equal("plan.rules[0].plan.rules[0].match", problem.Field);
        Assert.Contains("tenant", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RuleInOtherwiseCoveredByAnOuterOne_Validate_NamesTheOuterRule()
    {
        var covered = new RulesPlan([new RouteRule(new RouteMatch(Header: new HeaderMatch("X-A", "1"), User: "u"), Fixed)], Fixed);
        var plan = new RulesPlan([new RouteRule(new RouteMatch(Header: new HeaderMatch("x-a", "1")), Fixed)], covered);
        var problem = Assert.Single(Validate(plan));
        Assert.Equal("plan.otherwise.rules[0].match", problem.Field);
        Assert.Contains("plan.rules[0]", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RulesOfDifferentUsers_Validate_AreFine()
    {
        var rules = Enumerable.Range(0, 32).Select(i => new RouteRule(new RouteMatch(User: $"u{i}"), Fixed)).ToList();
        Assert.Empty(Validate(new RulesPlan(rules, Fixed)));
        Assert.Contains("33", Assert.Single(Validate(new RulesPlan([.. rules, rules[0] with { Match = new RouteMatch(User: "x") }], Fixed))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DeepRules_Validate_AreRefusedWhereTheyGoTooDeep()
    {
        RoutePlan plan = Fixed;
        for (var i = 0; i < 5; i++)
        {
            plan = new RulesPlan([new RouteRule(new RouteMatch(User: $"u{i}"), Fixed)], plan);
        }
        Assert.Equal("plan.otherwise.otherwise.otherwise.otherwise", Assert.Single(Validate(plan)).Field);
    }

    [Fact]
    public void OneArmNameForTwoVersions_Validate_IsRefusedEvenAcrossRules()
    {
        var other = new PlanArm("a", RoutePlan.Current, 100);
        var plan = new RulesPlan([new RouteRule(new RouteMatch(User: "u"), new WeightedPlan([new PlanArm("a", Known, 100)]))], new WeightedPlan([other]));
        Assert.Equal("plan.otherwise.arms[0].name", Assert.Single(Validate(plan)).Field);
    }

    [Fact]
    public void LayoutThatDoesNotGiveTheWeights_Validate_IsRefused()
    {
        var plan = new WeightedPlan([new PlanArm("a", Known, 50), new PlanArm("b", Known, 50)], Layout: [new ArmRange("a", 0, 0.4), new ArmRange("b", 0.4, 1)]);
        Assert.Equal("plan.layout", Assert.Single(Validate(plan)).Field);
        Assert.Empty(Validate(plan with { Layout = [new ArmRange("a", 0, 0.5), new ArmRange("b", 0.5, 1)] }));
        Assert.NotEmpty(Validate(plan with { Layout = [new ArmRange("a", 0, 0.5), new ArmRange("b", 0.6, 1.1)] }));
    }

    private static FixedPlan Fixed => new(Known);

    private static IReadOnlyList<FieldProblem> Validate(RoutePlan plan) => RoutePlanValidator.Validate(plan, digest => digest == Versions.Of("known"));
}
