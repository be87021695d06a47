namespace Patchbay.Server.Observability;

/// <summary>
/// Percentiles of durations with an error of at most 6 %: counts in buckets whose bounds grow by 12 %, from 0.1 ms to more
/// than ten minutes. Not thread-safe.
/// </summary>
internal sealed class LatencySketch
{
    private const double Smallest = 0.1;
    private const int Buckets = 140;

    private static readonly double Growth = Math.Log(1.12);

    private readonly int[] _counts = new int[Buckets];

    public int Count { get; private set; }

    public void Add(double milliseconds)
    {
        var bucket = milliseconds <= Smallest ? 0 : (int)(Math.Log(milliseconds / Smallest) / Growth) + 1;
        _counts[Math.Min(bucket, Buckets - 1)]++;
        Count++;
    }

    public void Add(LatencySketch other)
    {
        for (var i = 0; i < Buckets; i++)
        {
            _counts[i] += other._counts[i];
        }
        Count += other.Count;
    }

    public void Clear()
    {
        Array.Clear(_counts);
        Count = 0;
    }

    /// <summary>The value that this share of all stays below, in milliseconds; null without values.</summary>
    public double? Percentile(double share)
    {
        var wanted = Math.Max(1, (int)Math.Ceiling(share * Count));
        var seen = 0;
        for (var i = 0; i < Buckets && Count > 0; i++)
        {
            seen += _counts[i];
            if (seen >= wanted)
            {
                return Smallest * Math.Exp(Growth * (i - 0.5));
            }
        }
        return null;
    }
}
