namespace Patchbay.Control.Releases.Statistics;

/// <summary>
/// The difference of two arms' means with an interval and a p-value that hold at every moment at once, so that they may be
/// looked at after each request and the test be stopped at any time: the mixture sequential probability ratio test of Johari,
/// Pekelis and Walsh (arXiv:1512.04922), which as an interval is the asymptotic confidence sequence of Waudby-Smith, Arbour,
/// Sinha, Kennedy and Ramdas (arXiv:2103.06476).
/// </summary>
/// <remarks>
/// The estimate d of a difference with variance V moves, as data comes in, like a Brownian motion in the information 1/V. Mixing
/// its likelihood ratio over effects drawn from N(0, τ²) gives Λ = (1+r)^-½ · exp(½ · d²/V · r/(1+r)) with r = τ²/V; under no
/// difference Λ exceeds 1/α at any time with probability at most α. Steps of a rollout with different weights are strata,
/// weighed after Mantel and Haenszel: a bad hour of both arms must not count against the one that had more traffic in it.
/// </remarks>
public static class SequentialDifference
{
    /// <summary>How often a difference is claimed, over the whole life of a test, where there is none: at most 5 %.</summary>
    public const double Alpha = 0.05;

    // The effect the test is keenest on, in standard deviations of one value: twice 1 % is 0.1 of them.
    private const double Effect = 0.1;

    // The normal approximation has to hold from the first look on.
    private const int MinCount = 30;
    private const int MinOnes = 5;

    /// <summary>The difference (candidate minus stable) of the shares of ones among values that are 0 or 1.</summary>
    /// <returns>A difference without knowledge (-1 to 1, p = 1) while there are too few values or ones.</returns>
    public static Difference OfProportions(ReadOnlySpan<Stratum> strata)
    {
        double weights = 0, sum = 0, variance = 0;
        Moments stable = default, candidate = default;
        foreach (ref readonly var stratum in strata)
        {
            stable += stratum.Stable;
            candidate += stratum.Candidate;
            if (stratum.Stable.Count == 0 || stratum.Candidate.Count == 0)
            {
                continue;
            }
            double n0 = stratum.Stable.Count, n1 = stratum.Candidate.Count, n = n0 + n1;
            var weight = n0 * n1 / n;
            var pooled = (stratum.Stable.Sum + stratum.Candidate.Sum + 1) / (n + 2);
            weights += weight;
            sum += weight * (stratum.Candidate.Mean - stratum.Stable.Mean);
            variance += weight * pooled * (1 - pooled);
        }
        var ones = Math.Min(stable.Sum + candidate.Sum, stable.Count + candidate.Count - stable.Sum - candidate.Sum);
        if (Math.Min(stable.Count, candidate.Count) < MinCount || ones < MinOnes || weights == 0)
        {
            return new Difference(stable, candidate, candidate.Mean - stable.Mean, -1, 1, 1);
        }
        // variance / weights is that of one value; half a count either way is what the normal curve does not see.
        return Test(stable, candidate, sum / weights, variance / weights, weights, 0.5 / weights);
    }

    /// <summary>The difference (candidate minus stable) of the means of values of any size.</summary>
    /// <returns>A difference without knowledge (infinite, p = 1) while there are too few values.</returns>
    public static Difference OfMeans(ReadOnlySpan<Stratum> strata)
    {
        double weights = 0, sum = 0, deviations = 0, degrees = 0;
        Moments stable = default, candidate = default;
        foreach (ref readonly var stratum in strata)
        {
            stable += stratum.Stable;
            candidate += stratum.Candidate;
            if (stratum.Stable.Count == 0 || stratum.Candidate.Count == 0)
            {
                continue;
            }
            double n0 = stratum.Stable.Count, n1 = stratum.Candidate.Count;
            var weight = n0 * n1 / (n0 + n1);
            weights += weight;
            sum += weight * (stratum.Candidate.Mean - stratum.Stable.Mean);
            deviations += stratum.Stable.SumOfDeviations + stratum.Candidate.SumOfDeviations;
            degrees += n0 + n1 - 2;
        }
        if (Math.Min(stable.Count, candidate.Count) < MinCount || weights == 0 || degrees <= 0 || deviations <= 0)
        {
            return new Difference(stable, candidate, candidate.Mean - stable.Mean, double.NegativeInfinity, double.PositiveInfinity, 1);
        }
        return Test(stable, candidate, sum / weights, deviations / degrees, weights, 0);
    }

    private static Difference Test(Moments stable, Moments candidate, double estimate, double variance, double weight, double correction)
    {
        var ofEstimate = variance / weight;
        var r = Effect * Effect * weight;
        var distance = Math.Max(0, Math.Abs(estimate) - correction);
        var logRatio = 0.5 * (distance * distance / ofEstimate * r / (1 + r) - Math.Log(1 + r));
        var half = Math.Sqrt(ofEstimate * (1 + r) / r * (2 * Math.Log(1 / Alpha) + Math.Log(1 + r))) + correction;
        return new Difference(stable, candidate, estimate, estimate - half, estimate + half, Math.Min(1, Math.Exp(-logRatio)));
    }
}
