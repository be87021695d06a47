namespace Patchbay.Server.Observability;

/// <summary>Counts durations in seconds by fixed upper bounds. Any thread may add.</summary>
/// <param name="bounds">Ascending; a last bucket without a bound is added.</param>
internal sealed class LatencyHistogram(double[] bounds)
{
    /// <summary>Bounds of OpenTelemetry's GenAI conventions for the time to the first token, in seconds.</summary>
    public static readonly double[] FirstTokenBounds =
        [.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10];

    /// <summary>Bounds of OpenTelemetry's GenAI conventions for the time of each further token, in seconds; finer below 10 ms for small models.</summary>
    public static readonly double[] OutputTokenBounds = [.001, .0025, .005, .01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5];

    /// <summary>Bounds of OpenTelemetry's GenAI conventions for whole requests, in seconds.</summary>
    public static readonly double[] RequestBounds = [.01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

    private readonly long[] _counts = new long[bounds.Length + 1];
    private long _ticks;

    public void Add(TimeSpan duration)
    {
        var seconds = duration.TotalSeconds;
        var bucket = 0;
        while (bucket < bounds.Length && seconds > bounds[bucket])
        {
            bucket++;
        }
        Interlocked.Increment(ref _counts[bucket]);
        Interlocked.Add(ref _ticks, duration.Ticks);
    }

    public HistogramSnapshot Read()
    {
        var counts = new long[_counts.Length];
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = Interlocked.Read(ref _counts[i]);
        }
        return new HistogramSnapshot(bounds, counts, TimeSpan.FromTicks(Interlocked.Read(ref _ticks)).TotalSeconds);
    }
}

/// <summary>A histogram at one moment.</summary>
/// <param name="Bounds">Upper bounds.</param>
/// <param name="Counts">How many values each bucket has; one more than bounds.</param>
/// <param name="Sum">Of all values.</param>
internal sealed record HistogramSnapshot(double[] Bounds, long[] Counts, double Sum);
