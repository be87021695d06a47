namespace Patchbay.Control.Routing;

/// <summary>
/// Which part of [0, 1) each arm has. The last arm begins at 0, so that the usual canary (the last of two arms) grows and
/// shrinks at its end. With more arms no fixed order moves as few keys as possible; then the layout follows from the one
/// before: shrinking arms give parts away, growing ones get them, nothing else moves.
/// </summary>
internal static class ArmLayout
{
    // Each change can cut ranges; past this many the keys are dealt anew once.
    private const int MaxRanges = 128;

    private const double Tolerance = 1e-9;

    public static IReadOnlyList<ArmRange> Default(IReadOnlyList<PlanArm> arms)
    {
        var ranges = new List<ArmRange>();
        var from = 0.0;
        for (var i = arms.Count - 1; i >= 0; i--)
        {
            var to = from + arms[i].Weight / 100;
            Append(ranges, arms[i].Name!, from, to);
            from = to;
        }
        return Closed(ranges);
    }

    /// <summary>The ranges of a plan that follows another; null where the default moves as few keys as possible.</summary>
    public static IReadOnlyList<ArmRange>? Continue(SplitPlan previous, SplitPlan next)
    {
        var old = previous.Layout ?? Default(previous.Arms!);
        var weights = next.Arms!.ToDictionary(arm => arm.Name!, arm => arm.Weight / 100, StringComparer.Ordinal);
        var fewest = Weights(old).Sum(arm => Math.Max(0, arm.Value - weights.GetValueOrDefault(arm.Key)));
        if (Moved(old, Default(next.Arms!)) <= fewest + Tolerance)
        {
            return null;
        }
        var ranges = Deal(old, weights);
        return ranges.Count <= MaxRanges ? ranges : null;
    }

    public static bool Fits(IReadOnlyList<ArmRange> layout, IReadOnlyList<PlanArm> arms)
    {
        var at = 0.0;
        foreach (var range in layout)
        {
            if (range is null || range.Arm is null || !(range.From == at) || !(range.To >= range.From))
            {
                return false;
            }
            at = range.To;
        }
        var weights = Weights(layout);
        return at == 1 && layout.Count <= MaxRanges && weights.Keys.All(name => arms.Any(arm => arm.Name == name))
            && arms.All(arm => Math.Abs(weights.GetValueOrDefault(arm.Name!) - arm.Weight / 100) <= 1e-7);
    }

    private static List<ArmRange> Deal(IReadOnlyList<ArmRange> old, Dictionary<string, double> weights)
    {
        var before = Weights(old);
        var surplus = before.ToDictionary(arm => arm.Key, arm => arm.Value - weights.GetValueOrDefault(arm.Key), StringComparer.Ordinal);
        var needs = weights.Select(arm => (Arm: arm.Key, Share: arm.Value - before.GetValueOrDefault(arm.Key))).Where(need => need.Share > Tolerance).ToList();
        var ranges = new List<ArmRange>();
        foreach (var range in old)
        {
            var from = range.From;
            while (surplus[range.Arm] > Tolerance && from < range.To && needs.Count > 0)
            {
                var (arm, need) = needs[0];
                var part = Math.Min(Math.Min(surplus[range.Arm], need), range.To - from);
                // Not from + part where the whole rest goes: rounding would leave a gap before the next range.
                var to = part < range.To - from ? from + part : range.To;
                Append(ranges, arm, from, to);
                from = to;
                surplus[range.Arm] -= part;
                needs[0] = (arm, need - part);
                if (need - part <= Tolerance)
                {
                    needs.RemoveAt(0);
                }
            }
            // What rounding left to an arm that is no more goes to its neighbour.
            var owner = weights.ContainsKey(range.Arm) ? range.Arm : ranges.Count > 0 ? ranges[^1].Arm : weights.Keys.First();
            Append(ranges, owner, from, range.To);
        }
        return Closed(ranges);
    }

    private static double Moved(IReadOnlyList<ArmRange> before, IReadOnlyList<ArmRange> after)
    {
        var stayed = 0.0;
        foreach (var old in before)
        {
            foreach (var range in after)
            {
                stayed += range.Arm == old.Arm ? Math.Max(0, Math.Min(range.To, old.To) - Math.Max(range.From, old.From)) : 0;
            }
        }
        return 1 - stayed;
    }

    private static Dictionary<string, double> Weights(IReadOnlyList<ArmRange> ranges)
    {
        var weights = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var range in ranges)
        {
            weights[range.Arm] = weights.GetValueOrDefault(range.Arm) + (range.To - range.From);
        }
        return weights;
    }

    private static void Append(List<ArmRange> ranges, string arm, double from, double to)
    {
        if (to - from <= 0)
        {
            return;
        }
        if (ranges.Count > 0 && ranges[^1].Arm == arm)
        {
            ranges[^1] = ranges[^1] with { To = to };
            return;
        }
        ranges.Add(new ArmRange(arm, from, to));
    }

    // Sums of weights miss 1 by rounding; the last range takes what is left.
    private static List<ArmRange> Closed(List<ArmRange> ranges)
    {
        ranges[^1] = ranges[^1] with { To = 1 };
        return ranges;
    }
}
