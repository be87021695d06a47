using CsCheck;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Sampling;

namespace Patchbay.Engine.Tests.Sampling;

/// <summary>The vectorised reading of logits against its definition, on every SIMD path, to the bit between the paths.</summary>
public sealed class LogitScanTests
{
    // Vocabularies below, at and beyond the edges of chunks of 1,024.
    private static readonly Gen<int> s_size = Gen.OneOf(Gen.Int[1, 70], Gen.OneOf(Gen.Const(1023), Gen.Const(1024), Gen.Const(1025), Gen.Const(2048)), Gen.Int[1, 9000]);

    private static readonly Gen<float[]> s_logits = s_size.Select(Gen.Int[0, 3], Gen.Int[0, int.MaxValue]).Select((size, kind, seed) => Row(size, kind, seed));

    [Fact]
    public void Top_IsWhatASortGives_OnEveryPath() => s_logits.Select(Gen.Int[1, 300]).Sample((logits, count) =>
    {
        var expected = logits.Select((logit, token) => (logit, token)).OrderByDescending(entry => entry.logit).ThenBy(entry => entry.token).Take(count).ToArray();
        foreach (var path in Simd.Supported)
        {
            var scan = new LogitScan(path);
            scan.Read(logits);
            Assert.Equal(logits.Max(), scan.Max);
            Assert.Equal(Array.IndexOf(logits, logits.Max()), scan.Likeliest(logits));
            var top = scan.Top(logits, count).ToArray();
            Assert.Equal(expected.Select(entry => entry.token), top.Select(LogitScan.TokenOf));
            Assert.Equal(expected.Select(entry => entry.logit), top.Select(LogitScan.LogitOf));
        }
    });

    [Fact]
    public void Weigh_IsTheSumOfExponentials_TheSameBitsOnEveryPath() => s_logits.Select(Gen.Float[0.05f, 3]).Sample((logits, inverse) =>
    {
        var expected = logits.Sum(logit => Math.Exp((logit - logits.Max()) * (double)inverse));
        var weights = new float[logits.Length];
        var reference = new LogitScan(SimdPath.Scalar);
        reference.Read(logits);
        var total = reference.Weigh(logits, inverse, 0, weights);
        Assert.Equal(1, total / expected, 2e-6);
        foreach (var path in Simd.Supported)
        {
            var own = new float[logits.Length];
            var scan = new LogitScan(path);
            scan.Read(logits);
            Assert.Equal(total, scan.Weigh(logits, inverse, 0, own));
            Assert.Equal(weights, own);
            for (var i = 0; i < logits.Length; i += 7)
            {
                Assert.Equal(weights[i], scan.WeightOf(logits[i], inverse));
            }
        }
    });

    [Fact]
    public void Find_ReachesEveryTokenThatWeighs_AndNoOther() => s_logits.Select(Gen.Double[0, 1]).Sample((logits, uniform) =>
    {
        var scan = new LogitScan(Simd.Path);
        scan.Read(logits);
        var weights = new float[logits.Length];
        var total = scan.Weigh(logits, 1, 0.01f, weights);
        var found = scan.Find(weights, uniform * total);
        Assert.True(weights[found] >= 0.01f);
        Assert.True(weights[scan.Find(weights, total)] >= 0.01f);
        Assert.True(weights[scan.Find(weights, double.BitDecrement(total))] >= 0.01f);
    });

    [Fact]
    public void ANumberThatIsNone_IsSeenWhereverItStands() => s_size.Select(Gen.Int[0, int.MaxValue]).Sample((size, place) =>
    {
        foreach (var bad in new[] { float.NaN, float.PositiveInfinity })
        {
            var logits = Row(size, 0, place);
            logits[place % size] = bad;
            foreach (var path in Simd.Supported)
            {
                var scan = new LogitScan(path);
                scan.Read(logits);
                Assert.Equal(-1, scan.Likeliest(logits));
            }
        }
    });

    [Fact]
    public void AllForbidden_GivesNoToken()
    {
        var scan = new LogitScan(Simd.Path);
        var logits = new float[50];
        Array.Fill(logits, float.NegativeInfinity);
        scan.Read(logits);
        Assert.Equal(-1, scan.Likeliest(logits));
    }

    // Peaked, flat, full of equal values, mostly forbidden.
    private static float[] Row(int size, int kind, int seed)
    {
        var random = new Random(seed);
        var row = new float[size];
        for (var i = 0; i < size; i++)
        {
            var normal = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
            row[i] = kind switch
            {
                0 => 3 * normal,
                1 => 0.01f * normal,
                2 => random.Next(-2, 3),
                _ => random.Next(10) == 0 || i == 0 ? 5 * normal : float.NegativeInfinity,
            };
        }

        return row;
    }
}
