using System.Globalization;

namespace Patchbay.Control.Routing;

/// <summary>A plan for the requests that match.</summary>
public sealed record RouteRule(RouteMatch? Match, RoutePlan? Plan);

/// <summary>The first rule that matches decides; where none does, <paramref name="Otherwise"/>.</summary>
public sealed record RulesPlan(IReadOnlyList<RouteRule>? Rules, RoutePlan? Otherwise) : RoutePlan
{
    private protected override string Word => "rules";

    /// <inheritdoc/>
    public override RoutePlan After(RoutePlan? previous)
    {
        var before = previous as RulesPlan;
        return this with
        {
            // Rules are the same ones where they match the same; their order may have changed.
            Rules = Rules?.Select(rule => rule with
            {
                Plan = rule.Plan?.After(before?.Rules?.FirstOrDefault(old => old.Match == rule.Match)?.Plan),
            }).ToList(),
            Otherwise = Otherwise?.After(before is null ? previous : before.Otherwise),
        };
    }

    internal override void Validate(PlanValidation validation, string path)
    {
        if (!validation.TryEnter(path))
        {
            return;
        }
        if (validation.CheckCount(Rules, 1, PlanValidation.MaxRules, path + ".rules", "rules"))
        {
            validation.CountRules(Rules!.Count, path + ".rules");
            for (var i = 0; i < Rules.Count; i++)
            {
                ValidateRule(validation, Rules[i], string.Create(CultureInfo.InvariantCulture, $"{path}.rules[{i}]"));
            }
        }
        validation.CheckPlan(Otherwise, path + ".otherwise");
        validation.Leave();
    }

    private static void ValidateRule(PlanValidation validation, RouteRule? rule, string path)
    {
        if (rule?.Match is null)
        {
            validation.Add(path + ".match", "must be an object that says which requests the rule is for");
            validation.CheckPlan(rule?.Plan, path + ".plan");
            return;
        }
        rule.Match.Validate(validation, path + ".match");
        var conditions = rule.Match.Conditions().ToList();
        if (validation.FindWhyNeverReached(conditions) is { } reason)
        {
            validation.Add(path + ".match", "can never match: " + reason);
        }
        validation.Assume(conditions);
        validation.CheckPlan(rule.Plan, path + ".plan");
        validation.Exclude(conditions, path);
    }

    internal override PlanNode Compile(PlanCompilation compilation) => new Node(
        [.. Rules!.Select(rule => rule.Match!)], [.. Rules!.Select(rule => rule.Plan!.Compile(compilation))], Otherwise!.Compile(compilation));

    private sealed class Node(RouteMatch[] matches, PlanNode[] plans, PlanNode otherwise) : PlanNode
    {
        public override ArmChoice Choose(in RouteKey key, VersionDigest current, List<string>? why)
        {
            for (var i = 0; i < matches.Length; i++)
            {
                if (matches[i].Holds(key))
                {
                    why?.Add(string.Create(CultureInfo.InvariantCulture, $"rule {i + 1} matched"));
                    return plans[i].Choose(key, current, why);
                }
                why?.Add(string.Create(CultureInfo.InvariantCulture, $"rule {i + 1} did not match: {matches[i].FindMismatch(key)} differs"));
            }
            why?.Add("no rule matched: 'otherwise' decides");
            return otherwise.Choose(key, current, why);
        }
    }
}
