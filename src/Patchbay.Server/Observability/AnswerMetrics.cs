using System.Collections.Concurrent;

namespace Patchbay.Server.Observability;

/// <summary>Counters and times of ended requests, by what answered them.</summary>
internal sealed class AnswerMetrics : IAnswerSink
{
    // Adapters and their versions come and go; more series than this would burden whoever scrapes them.
    private const int MaxSeries = 4096;

    private static readonly SeriesKey Other = new("other", "", "");

    private readonly ConcurrentDictionary<SeriesKey, Series> _series = new();

    /// <summary>What a series counts.</summary>
    public readonly record struct SeriesKey(string Adapter, string Digest, string Arm);

    /// <summary>Takes up a request that has ended.</summary>
    public void Record(AnswerRecord record)
    {
        var key = new SeriesKey(record.Source.Adapter, record.Source.Digest ?? "", record.Source.Arm ?? "");
        if (!_series.TryGetValue(key, out var series))
        {
            series = _series.GetOrAdd(_series.Count < MaxSeries ? key : Other, static _ => new Series());
        }
        series.Record(record);
    }

    /// <summary>Writes all families.</summary>
    public void Write(PrometheusText text)
    {
        var all = _series.OrderBy(series => series.Key.Adapter, StringComparer.Ordinal).ThenBy(series => series.Key.Digest, StringComparer.Ordinal).ToList();
        text.Family("patchbay_requests_total", "counter", "Requests that were answered, by how they ended.");
        foreach (var (key, series) in all)
        {
            for (var outcome = 0; outcome < series.Outcomes.Length; outcome++)
            {
                text.Sample(
                    Interlocked.Read(ref series.Outcomes[outcome]),
                    [("adapter", key.Adapter), ("digest", key.Digest), ("arm", key.Arm), ("outcome", ((AnswerOutcome)outcome).ToString().ToLowerInvariant())]);
            }
        }
        text.Family("patchbay_tokens_total", "counter", "Tokens read and made.");
        foreach (var (key, series) in all)
        {
            text.Sample(Interlocked.Read(ref series.PromptTokens), [("adapter", key.Adapter), ("digest", key.Digest), ("arm", key.Arm), ("kind", "prompt")]);
            text.Sample(Interlocked.Read(ref series.CompletionTokens), [("adapter", key.Adapter), ("digest", key.Digest), ("arm", key.Arm), ("kind", "completion")]);
        }
        Write(text, all, "patchbay_time_to_first_token_seconds", "From routing to the first token.", series => series.FirstToken);
        Write(text, all, "patchbay_time_per_output_token_seconds", "Mean time of each token after the first.", series => series.OutputToken);
        Write(text, all, "patchbay_request_duration_seconds", "From routing to the end.", series => series.Duration);
    }

    private static void Write(
        PrometheusText text, List<KeyValuePair<SeriesKey, Series>> all, string name, string help, Func<Series, LatencyHistogram> select)
    {
        text.Family(name, "histogram", help);
        foreach (var (key, series) in all)
        {
            text.Histogram(select(series).Read(), [("adapter", key.Adapter), ("digest", key.Digest), ("arm", key.Arm)]);
        }
    }

    private sealed class Series
    {
        public readonly long[] Outcomes = new long[Enum.GetValues<AnswerOutcome>().Length];

        public long PromptTokens;

        public long CompletionTokens;

        public LatencyHistogram FirstToken { get; } = new(LatencyHistogram.FirstTokenBounds);

        public LatencyHistogram OutputToken { get; } = new(LatencyHistogram.OutputTokenBounds);

        public LatencyHistogram Duration { get; } = new(LatencyHistogram.RequestBounds);

        public void Record(AnswerRecord record)
        {
            Interlocked.Increment(ref Outcomes[(int)record.Outcome]);
            Interlocked.Add(ref PromptTokens, record.PromptTokens);
            Interlocked.Add(ref CompletionTokens, record.CompletionTokens);
            Duration.Add(record.Duration);
            if (record.TimeToFirstToken is { } first)
            {
                FirstToken.Add(first);
            }
            if (record.TimePerOutputToken is { } each)
            {
                OutputToken.Add(each);
            }
        }
    }
}
