using Patchbay.Control.Releases.Statistics;

namespace Patchbay.Control.Tests.Releases.Statistics;

public sealed class BoundedMeanTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(0.5)]
    [InlineData(0.95)]
    [InlineData(0.02)]
    public void Interval_OverAllLooks_MissesTheMeanAtMostAsOftenAsPromised(double mean)
    {
        var missed = 0;
        for (var stream = 0; stream < 4_000; stream++)
        {
            var random = new Fast(stream);
            var scores = new BoundedMean(0.05);
            for (var i = 0; i < 1_000; i++)
            {
                scores.Add(random.Next() < mean ? 1 : 0);
                var (low, high) = scores.Interval;
                if (low > mean || high < mean)
                {
                    missed++;
                    break;
                }
            }
        }
        output.WriteLine($"mean {mean}: missed {missed / 40.0:0.00} %");
        Assert.InRange(missed, 0, 200);
    }

    [Fact]
    public void ManyScores_Interval_BecomesNarrow()
    {
        var random = new Fast(1);
        var scores = new BoundedMean();
        Assert.Equal((0, 1), scores.Interval);
        for (var i = 0; i < 2_000; i++)
        {
            scores.Add(0.7 + 0.2 * random.Next());
        }
        var (low, high) = scores.Interval;
        Assert.InRange(low, 0.77, 0.80);
        Assert.InRange(high, 0.80, 0.83);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.PositiveInfinity)]
    public void ScoreOutOfRange_Add_Throws(double score) => Assert.Throws<ArgumentOutOfRangeException>(() => new BoundedMean().Add(score));
}
