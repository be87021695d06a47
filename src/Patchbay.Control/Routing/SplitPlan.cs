using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace Patchbay.Control.Routing;

/// <summary>What the plans that split the traffic among arms have in common.</summary>
/// <param name="Arms">The arms; their weights sum to 100.</param>
/// <param name="Sticky">What keeps a caller on an arm.</param>
/// <param name="Salt">Mixed into the hash, so that plans with different salts split independently; null is the alias's name.</param>
/// <param name="Layout">Which keys each arm has, where that follows from an earlier plan; null is the arms in reverse order from 0.</param>
public abstract record SplitPlan(
    IReadOnlyList<PlanArm>? Arms,
    Stickiness Sticky,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Salt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ArmRange>? Layout) : RoutePlan
{
    private protected abstract int MinArms { get; }

    /// <inheritdoc/>
    public override RoutePlan After(RoutePlan? previous)
    {
        var isSameSplit = previous is SplitPlan { Arms: not null } && Arms is not null
            && ((SplitPlan)previous).Salt == Salt && ((SplitPlan)previous).Sticky == Sticky;
        return this with { Layout = isSameSplit ? ArmLayout.Continue((SplitPlan)previous!, this) : null };
    }

    internal override void Validate(PlanValidation validation, string path)
    {
        if (!validation.CheckCount(Arms, MinArms, PlanValidation.MaxArms, path + ".arms", "arms"))
        {
            return;
        }
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < Arms!.Count; i++)
        {
            var arm = Arms[i];
            var at = string.Create(CultureInfo.InvariantCulture, $"{path}.arms[{i}]");
            if (arm is null)
            {
                validation.Add(at, "must be an object with 'name', 'digest' and 'weight'");
                continue;
            }
            validation.CheckArmName(arm, at, names);
            validation.CheckDigest(arm.Digest, at + ".digest");
            if (!double.IsFinite(arm.Weight) || arm.Weight is < 0 or > 100)
            {
                validation.Add(at + ".weight", string.Create(CultureInfo.InvariantCulture, $"must be between 0 and 100; found {arm.Weight}"));
            }
            ValidateArm(validation, arm, at);
        }
        ValidateTotals(validation, path);
    }

    private protected virtual void ValidateArm(PlanValidation validation, PlanArm arm, string path)
    {
    }

    private void ValidateTotals(PlanValidation validation, string path)
    {
        var sum = Arms!.Sum(arm => arm?.Weight ?? 0);
        if (!(Math.Abs(sum - 100) <= 1e-6))
        {
            validation.Add(path + ".arms", string.Create(CultureInfo.InvariantCulture, $"weights must sum to 100; found {sum:0.######}"));
        }
        if (Salt is { Length: > PlanValidation.MaxText })
        {
            validation.Add(path + ".salt", $"must have at most {PlanValidation.MaxText} characters; found {Salt.Length}");
        }
        if (Layout is not null && !validation.HasProblemsUnder(path) && !ArmLayout.Fits(Layout, Arms!))
        {
            validation.Add(path + ".layout", "must cover 0 to 1 without gaps and give each arm its weight; leave it out to have it made");
        }
    }

    internal override PlanNode Compile(PlanCompilation compilation) => new Node(this, compilation);

    private sealed class Node : PlanNode
    {
        private readonly Stickiness _sticky;
        private readonly byte[] _salt;

        // Range i is [_ends[i - 1], _ends[i]) and belongs to _choices[i]; a null digest is the alias's own version.
        private readonly double[] _ends;
        private readonly (string Name, VersionDigest? Digest)[] _choices;

        public Node(SplitPlan plan, PlanCompilation compilation)
        {
            _sticky = plan.Sticky;
            _salt = Encoding.UTF8.GetBytes(plan.Salt ?? compilation.Alias);
            var ranges = plan.Layout ?? ArmLayout.Default(plan.Arms!);
            _ends = [.. ranges.Select(range => range.To)];
            _choices = [.. ranges.Select(range => (range.Arm, compilation.Target(plan.Arms!.First(arm => arm.Name == range.Arm).Digest)))];
        }

        public override ArmChoice Choose(in RouteKey key, VersionDigest current, List<string>? why)
        {
            var point = StickyBucket.Of(_salt, key, _sticky);
            var i = 0;
            while (i < _ends.Length - 1 && point >= _ends[i])
            {
                i++;
            }
            var (name, digest) = _choices[i];
            why?.Add(string.Create(CultureInfo.InvariantCulture,
                $"key '{StickyBucket.Describe(key, _sticky)}' falls on {point:0.0000}, arm {name} covers {(i == 0 ? 0 : _ends[i - 1]):0.00##}-{_ends[i]:0.00##}"));
            return new ArmChoice(name, digest ?? current, null);
        }
    }
}
