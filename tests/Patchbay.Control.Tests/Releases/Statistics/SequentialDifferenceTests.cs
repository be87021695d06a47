using Patchbay.Control.Releases.Statistics;

namespace Patchbay.Control.Tests.Releases.Statistics;

/// <summary>What is promised of figures that may be looked at after every sample, over thousands of simulated streams.</summary>
public sealed class SequentialDifferenceTests(ITestOutputHelper output)
{
    private const int Streams = 10_000;

    [Theory]
    [InlineData(0.05, 0.5, 2_000)]
    [InlineData(0.01, 0.5, 2_000)]
    [InlineData(0.01, 0.1, 2_000)]
    [InlineData(0.05, 0.01, 4_000)]
    [InlineData(0.001, 0.1, 4_000)]
    [InlineData(0.4, 0.5, 2_000)]
    [InlineData(0.97, 0.2, 2_000)]
    public void EqualErrorRates_LookedAtAfterEverySample_AreCalledDifferentInAtMost5Percent(double rate, double share, int samples)
    {
        var wrong = 0;
        for (var stream = 0; stream < Streams; stream++)
        {
            wrong += FirstSignificant(new Fast(stream), rate, rate, share, samples, out _) > 0 ? 1 : 0;
        }
        output.WriteLine($"A/A at {rate:P1}, candidate {share:P0}: {100.0 * wrong / Streams:0.00} % false");
        Assert.InRange(wrong, 0, Streams * 0.05);
    }

    [Theory]
    [InlineData(0.01, 0.02, 5_000)]
    [InlineData(0.02, 0.04, 2_500)]
    [InlineData(0.05, 0.10, 1_000)]
    public void TwiceTheErrors_LookedAtAfterEverySample_AreSeenInTimeAt80Percent(double stable, double candidate, int perArm)
    {
        var seen = 0;
        var needed = new List<int>();
        for (var stream = 0; stream < 2_000; stream++)
        {
            var first = FirstSignificant(new Fast(stream), stable, candidate, 0.5, 2 * perArm, out var sign);
            seen += first > 0 && sign > 0 ? 1 : 0;
            needed.Add(first > 0 ? first : int.MaxValue);
        }
        needed.Sort();
        output.WriteLine($"{stable:P0} -> {candidate:P0}: seen in {seen / 20.0:0.0} % within {perArm} an arm; half of them within {needed[1_000] / 2} an arm");
        Assert.InRange(seen, 1_600, 2_000);
    }

    [Fact]
    public void Interval_OverAllLooks_HoldsTheTrueDifference()
    {
        var missed = 0;
        Span<Stratum> strata = stackalloc Stratum[1];
        for (var stream = 0; stream < 4_000; stream++)
        {
            var random = new Fast(stream);
            strata.Clear();
            for (var i = 0; i < 2_000; i++)
            {
                Add(ref strata[0], random.Next() < 0.3, random.Next(), 0.05, 0.08);
                var difference = SequentialDifference.OfProportions(strata);
                if (difference.Low > 0.03 || difference.High < 0.03)
                {
                    missed++;
                    break;
                }
            }
        }
        output.WriteLine($"missed {missed / 40.0:0.00} %");
        Assert.InRange(missed, 0, 200);
    }

    [Fact]
    public void EqualSkewedLatencies_LookedAtAfterEverySample_AreCalledDifferentInAtMost5Percent()
    {
        var wrong = 0;
        Span<Stratum> strata = stackalloc Stratum[1];
        for (var stream = 0; stream < Streams; stream++)
        {
            var random = new Fast(stream);
            strata.Clear();
            for (var i = 0; i < 1_000; i++)
            {
                var value = Math.Exp(random.Next() + random.Next() + random.Next());
                strata[0] = random.Next() < 0.2 ? strata[0] with { Candidate = strata[0].Candidate.With(value) } : strata[0] with { Stable = strata[0].Stable.With(value) };
                if (SequentialDifference.OfMeans(strata).IsSignificant)
                {
                    wrong++;
                    break;
                }
            }
        }
        output.WriteLine($"A/A of means: {100.0 * wrong / Streams:0.00} % false");
        Assert.InRange(wrong, 0, Streams * 0.05);
    }

    [Fact]
    public void WorseHourWithMoreCandidateTraffic_Strata_DoNotBlameTheCandidate()
    {
        // Both arms: 1 % errors in the first step, 10 % in the second, where the candidate has half of the traffic instead of 1 %.
        Stratum[] steps =
        [
            new(Moments.OfProportion(9_900, 99), Moments.OfProportion(100, 1)),
            new(Moments.OfProportion(2_000, 200), Moments.OfProportion(2_000, 200)),
        ];
        Assert.False(SequentialDifference.OfProportions(steps).IsSignificant);
        Assert.True(SequentialDifference.OfProportions([new Stratum(steps[0].Stable + steps[1].Stable, steps[0].Candidate + steps[1].Candidate)]).IsSignificant);
    }

    [Fact]
    public void TooFewValues_Difference_KnowsNothing()
    {
        var few = SequentialDifference.OfProportions([new Stratum(Moments.OfProportion(1_000, 0), Moments.OfProportion(29, 29))]);
        Assert.Equal((-1, 1, 1), (few.Low, few.High, few.PValue));
        Assert.False(SequentialDifference.OfMeans([]).IsSignificant);
        Assert.Equal(1, SequentialDifference.OfProportions([]).PValue);
    }

    // The sample at which the difference became significant, and its sign; 0 where it never did.
    private static int FirstSignificant(Fast random, double stable, double candidate, double share, int samples, out int sign)
    {
        Span<Stratum> strata = stackalloc Stratum[1];
        for (var i = 1; i <= samples; i++)
        {
            Add(ref strata[0], random.Next() < share, random.Next(), stable, candidate);
            var difference = SequentialDifference.OfProportions(strata);
            if (difference.IsSignificant)
            {
                sign = Math.Sign(difference.Value);
                return i;
            }
        }
        sign = 0;
        return 0;
    }

    private static void Add(ref Stratum stratum, bool isCandidate, double draw, double stable, double candidate) => stratum = isCandidate
        ? stratum with { Candidate = stratum.Candidate.With(draw < candidate ? 1 : 0) }
        : stratum with { Stable = stratum.Stable.With(draw < stable ? 1 : 0) };
}
