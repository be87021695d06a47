using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Patchbay.Server.Observability;

/// <summary>
/// Spans and metrics by OpenTelemetry's semantic conventions for generative AI (status: development), for whoever listens to
/// the source and meter named <see cref="Name"/>. Costs next to nothing while nobody does.
/// </summary>
internal sealed class GenAiTelemetry : IAnswerSink
{
    /// <summary>The name of the activity source and the meter.</summary>
    public const string Name = "Patchbay";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    private static readonly Histogram<double> Duration = Create("gen_ai.server.request.duration", "Time of a whole request.", LatencyHistogram.RequestBounds);
    private static readonly Histogram<double> FirstToken = Create("gen_ai.server.time_to_first_token", "Time to the first token.", LatencyHistogram.FirstTokenBounds);
    private static readonly Histogram<double> OutputToken = Create("gen_ai.server.time_per_output_token", "Time of each token after the first.", LatencyHistogram.OutputTokenBounds);

    private static readonly Histogram<long> Usage = Meter.CreateHistogram(
        "gen_ai.client.token.usage", "{token}", "Tokens of a request.",
        advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [.. Enumerable.Range(0, 14).Select(power => 1L << (2 * power))] });

    /// <summary>Adds the request to the metrics and, below the HTTP request's span, one of its own.</summary>
    public void Record(AnswerRecord record)
    {
        Measure(record);
        using var span = Source.StartActivity(ActivityKind.Internal, startTime: record.Time, name: $"{record.Operation} {record.Source.Adapter}");
        if (span is null)
        {
            return;
        }
        span.SetTag("gen_ai.operation.name", record.Operation);
        span.SetTag("gen_ai.provider.name", "patchbay");
        span.SetTag("gen_ai.response.id", record.Id);
        span.SetTag("gen_ai.response.model", record.Source.Adapter);
        span.SetTag("gen_ai.usage.input_tokens", record.PromptTokens);
        span.SetTag("gen_ai.usage.output_tokens", record.CompletionTokens);
        span.SetTag("patchbay.adapter.digest", record.Source.Digest);
        span.SetTag("patchbay.adapter.generation", record.Source.Generation);
        span.SetTag("patchbay.adapter.arm", record.Source.Arm);
        if (record.FinishReason is { } finish)
        {
            span.SetTag("gen_ai.response.finish_reasons", new[] { finish });
        }
        if (record.Outcome == AnswerOutcome.Failed)
        {
            span.SetStatus(ActivityStatusCode.Error);
        }
        span.SetEndTime((record.Time + record.Duration).UtcDateTime);
    }

    private static void Measure(AnswerRecord record)
    {
        var tags = new TagList
        {
            { "gen_ai.operation.name", record.Operation },
            { "gen_ai.provider.name", "patchbay" },
            { "gen_ai.response.model", record.Source.Adapter },
            { "patchbay.adapter.arm", record.Source.Arm },
        };
        if (record.Outcome == AnswerOutcome.Failed)
        {
            tags.Add("error.type", "engine_failure");
        }
        Duration.Record(record.Duration.TotalSeconds, tags);
        if (record.TimeToFirstToken is { } first)
        {
            FirstToken.Record(first.TotalSeconds, tags);
        }
        if (record.TimePerOutputToken is { } each)
        {
            OutputToken.Record(each.TotalSeconds, tags);
        }
        Usage.Record(record.PromptTokens, [.. tags, new("gen_ai.token.type", "input")]);
        Usage.Record(record.CompletionTokens, [.. tags, new("gen_ai.token.type", "output")]);
    }

    private static Histogram<double> Create(string name, string description, double[] bounds) => Meter.CreateHistogram(
        name, "s", description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
}
