using Patchbay.Server.Observability;

namespace Patchbay.Server.Tests.Observability;

public sealed class LatencySketchTests
{
    [Theory]
    [InlineData(0.5)]
    [InlineData(0.95)]
    [InlineData(0.99)]
    public void RandomDurations_Percentile_IsWithinSixPercent(double share)
    {
        var random = new Random(5);
        var values = Enumerable.Range(0, 20_000).Select(_ => Math.Exp(random.NextDouble() * 12 - 2)).ToList();
        var sketch = new LatencySketch();
        values.ForEach(sketch.Add);
        values.Sort();

        var exact = values[(int)(share * values.Count) - 1];
        Assert.InRange(sketch.Percentile(share)!.Value, exact * 0.94, exact * 1.06);
    }

    [Fact]
    public void NoDurations_Percentile_IsNull() => Assert.Null(new LatencySketch().Percentile(0.5));

    [Fact]
    public void TwoSketches_Add_CountsBoth()
    {
        LatencySketch one = new(), other = new();
        one.Add(10);
        other.Add(1000);
        one.Add(other);
        Assert.Equal(2, one.Count);
        Assert.InRange(one.Percentile(1)!.Value, 940, 1060);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e12)]
    public void ExtremeDurations_Add_StayInBounds(double milliseconds)
    {
        var sketch = new LatencySketch();
        sketch.Add(milliseconds);
        Assert.NotNull(sketch.Percentile(0.5));
    }
}
