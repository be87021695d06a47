namespace Patchbay.Control.Releases;

/// <summary>Durations counted in buckets that grow by 5 %, from 0.1 ms to over 1000 s: percentiles within 2.5 % from 2.6 KB.</summary>
internal sealed class LatencyHistogram
{
    private const double Least = 1e-4;
    private const int Buckets = 332;
    private static readonly double LogGrowth = Math.Log(1.05);

    private readonly long[] _counts = new long[Buckets];
    private long _total;

    public void Add(double seconds)
    {
        var bucket = seconds <= Least ? 0 : (int)Math.Min(Buckets - 1, 1 + Math.Log(seconds / Least) / LogGrowth);
        _counts[bucket]++;
        _total++;
    }

    /// <summary>The duration in seconds that a share of all does not exceed; null without any.</summary>
    public double? Percentile(double share)
    {
        if (_total == 0)
        {
            return null;
        }
        var rank = (long)Math.Ceiling(share * _total);
        var i = 0;
        for (long seen = _counts[0]; seen < rank; seen += _counts[i])
        {
            i++;
        }
        return i == 0 ? Least : Least * Math.Exp((i - 0.5) * LogGrowth);
    }
}
