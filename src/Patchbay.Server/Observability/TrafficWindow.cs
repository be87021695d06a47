namespace Patchbay.Server.Observability;

/// <summary>The last two minutes, second by second. Any thread may record and read.</summary>
internal sealed class TrafficWindow(TimeProvider time) : IAnswerSink
{
    /// <summary>Seconds that are remembered.</summary>
    public const int Length = 120;

    // Rates are means over the last whole seconds, so that they move at once and do not jump.
    private const int RateSeconds = 10;

    private readonly Lock _lock = new();
    private readonly Second[] _seconds = [.. Enumerable.Range(0, Length).Select(_ => new Second())];

    public void Record(AnswerRecord record)
    {
        lock (_lock)
        {
            var second = At(Now());
            second.Requests++;
            second.Tokens += record.CompletionTokens;
            second.PerAdapter[record.Source.Adapter] = second.PerAdapter.GetValueOrDefault(record.Source.Adapter) + (1, record.CompletionTokens);
            second.Duration.Add(record.Duration.TotalMilliseconds);
            if (record.TimeToFirstToken is { } first)
            {
                second.FirstToken.Add(first.TotalMilliseconds);
            }
            if (record.TimePerOutputToken is { } each)
            {
                second.OutputToken.Add(each.TotalMilliseconds);
            }
        }
    }

    /// <summary>Remembers how many requests run and wait in this second.</summary>
    public void Observe(int running, int waiting)
    {
        lock (_lock)
        {
            var second = At(Now());
            second.Running = Math.Max(second.Running, running);
            second.Waiting = Math.Max(second.Waiting, waiting);
        }
    }

    /// <summary>Everything at this moment.</summary>
    public TrafficSnapshot Read()
    {
        lock (_lock)
        {
            var now = Now();
            LatencySketch first = new(), each = new(), whole = new();
            var adapters = new Dictionary<string, Share>(StringComparer.Ordinal);
            var recent = default(Share);
            var series = new List<TrafficPoint>(Length);
            for (var at = now - Length + 1; at <= now; at++)
            {
                var second = At(at);
                first.Add(second.FirstToken);
                each.Add(second.OutputToken);
                whole.Add(second.Duration);
                series.Add(new TrafficPoint(
                    at, second.Requests, second.Tokens, second.Running, second.Waiting,
                    second.FirstToken.Percentile(0.95), second.OutputToken.Percentile(0.95)));
                if (at < now - RateSeconds || at == now)
                {
                    continue;
                }
                recent += (second.Requests, second.Tokens);
                foreach (var (name, share) in second.PerAdapter)
                {
                    adapters[name] = adapters.GetValueOrDefault(name) + (share.Requests, share.Tokens);
                }
            }
            return new TrafficSnapshot(
                recent.PerSecond(RateSeconds), Percentiles.Of(first), Percentiles.Of(each), Percentiles.Of(whole),
                adapters.ToDictionary(adapter => adapter.Key, adapter => adapter.Value.PerSecond(RateSeconds), StringComparer.Ordinal), series);
        }
    }

    private long Now() => time.GetUtcNow().ToUnixTimeSeconds();

    // The bucket of a second, emptied if it still holds one of two minutes ago.
    private Second At(long second)
    {
        var bucket = _seconds[second % Length];
        if (bucket.Time != second)
        {
            bucket.Restart(second);
        }
        return bucket;
    }

    private sealed class Second
    {
        public Dictionary<string, Share> PerAdapter { get; } = new(StringComparer.Ordinal);

        public LatencySketch FirstToken { get; } = new();

        public LatencySketch OutputToken { get; } = new();

        public LatencySketch Duration { get; } = new();

        public long Time { get; private set; } = -1;

        public int Requests { get; set; }

        public int Tokens { get; set; }

        public int Running { get; set; }

        public int Waiting { get; set; }

        public void Restart(long time)
        {
            Time = time;
            (Requests, Tokens, Running, Waiting) = (0, 0, 0, 0);
            PerAdapter.Clear();
            FirstToken.Clear();
            OutputToken.Clear();
            Duration.Clear();
        }
    }

    private readonly record struct Share(int Requests, int Tokens)
    {
        public static Share operator +(Share share, (int Requests, int Tokens) more) => new(share.Requests + more.Requests, share.Tokens + more.Tokens);

        public TrafficRate PerSecond(int seconds) => new((double)Requests / seconds, (double)Tokens / seconds);
    }
}

/// <summary>What a moment of traffic looks like.</summary>
internal sealed record TrafficSnapshot(
    TrafficRate Rate,
    Percentiles FirstToken,
    Percentiles OutputToken,
    Percentiles Duration,
    IReadOnlyDictionary<string, TrafficRate> Adapters,
    IReadOnlyList<TrafficPoint> Series);

/// <summary>Ended requests and their tokens, each second.</summary>
internal readonly record struct TrafficRate(double Requests, double Tokens);

/// <summary>One second.</summary>
/// <param name="Time">Unix seconds.</param>
internal readonly record struct TrafficPoint(
    long Time, int Requests, int Tokens, int Running, int Waiting, double? FirstTokenP95, double? OutputTokenP95);

/// <summary>Percentiles in milliseconds; null without values.</summary>
internal sealed record Percentiles(double? P50, double? P95, double? P99)
{
    public static Percentiles Of(LatencySketch sketch) => new(sketch.Percentile(0.5), sketch.Percentile(0.95), sketch.Percentile(0.99));
}
