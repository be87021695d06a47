using System.Text.Json;
using System.Text.Json.Serialization;
using Patchbay.Control.Releases;
using Patchbay.Server.Releases;

namespace Patchbay.Server.Endpoints;

internal sealed record ReleaseListResponse(string Object, IReadOnlyList<ReleaseResponseBody> Data);

/// <summary>A release as operators see it. <c>Step</c> counts from 0.</summary>
internal sealed record ReleaseResponseBody(
    string Id,
    string Alias,
    string Kind,
    string State,
    string Stable,
    string Candidate,
    int Step,
    IReadOnlyList<RolloutStep> Steps,
    double Weight)
{
    public required string Started { get; init; }

    public required string StartedBy { get; init; }

    public required string StepStarted { get; init; }

    public string? StepEnds { get; init; }

    public string? Ended { get; init; }

    public string? EndReason { get; init; }

    public string? Reason { get; init; }

    public required string Sticky { get; init; }

    public required bool AutoPromote { get; init; }

    public required IReadOnlyList<GuardBody> Guards { get; init; }

    public required IReadOnlyList<JudgeBody> Judges { get; init; }

    public required IReadOnlyList<ArmBody> Arms { get; init; }

    public required IReadOnlyList<ComparisonBody> Comparisons { get; init; }

    public required IReadOnlyList<HistoryBody> History { get; init; }

    public static ReleaseResponseBody From(Release release, ReleaseConductor conductor)
    {
        var (spec, observation) = (release.Spec, conductor.Observe(release));
        var figures = conductor.FiguresOf(release.Id);
        return new ReleaseResponseBody(
            release.Id, spec.Alias!, ReleaseWords.Of(spec.Kind), ReleaseWords.Of(release.State), release.Stable.ToString(), release.Candidate.ToString(),
            release.Step, spec.Steps!, release.Weight)
        {
            Started = AdminCall.Show(release.Started),
            StartedBy = release.StartedBy,
            StepStarted = AdminCall.Show(release.StepStarted),
            StepEnds = release.StepEnds is { } ends ? AdminCall.Show(ends) : null,
            Ended = release.Ended is { } ended ? AdminCall.Show(ended) : null,
            EndReason = release.EndReason,
            Reason = spec.Reason,
            Sticky = ReleaseWords.Of(spec.Sticky),
            AutoPromote = spec.AutoPromote ?? true,
            Guards = [.. ReleaseStep.ReadGuards(release, observation).Select(GuardBody.From)],
            Judges = [.. (spec.Judges ?? []).Select(judge => new JudgeBody(ReleaseWords.Of(judge.Kind), judge.Name!, judge.Pattern, judge.Schema, judge.Url, judge.TimeoutSeconds))],
            Arms =
            [
                ArmBody.From("stable", release.Stable.ToString(), 100 - release.Weight, observation.StableTotal, figures?.Stable, "none"),
                ArmBody.From("canary", release.Candidate.ToString(), release.Weight, observation.CandidateTotal, figures?.Candidate, ReleaseWords.Of(observation.Probe)),
            ],
            Comparisons = [.. ReleaseComparison.All(observation).Select(ComparisonBody.From)],
            History = [.. release.History.Select(happened => new HistoryBody(AdminCall.Show(happened.Time), happened.Event, happened.Detail, happened.Actor))],
        };
    }
}

internal sealed record GuardBody(string Metric, double? Max, double? Min, int MinSamples, int FailureLimit, string Status, double? Value, long Samples, string Sentence)
{
    public static GuardBody From(GuardReading reading) => new(
        ReleaseWords.Of(reading.Guard.Metric), reading.Guard.Max, reading.Guard.Min, reading.Guard.MinSamples, reading.Guard.FailureLimit,
        ReleaseWords.Of(reading.Status), reading.Value, reading.Samples, reading.Sentence);
}

internal sealed record JudgeBody(
    string Kind,
    string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Pattern,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Schema,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Url,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? TimeoutSeconds);

internal sealed record ComparisonBody(
    string Metric, double? Difference, double? Low, double? High, double? PValue, bool Significant, string Verdict, string Sentence)
{
    public static ComparisonBody From(ReleaseComparison comparison) => new(
        comparison.Metric, comparison.Difference, comparison.Low, comparison.High, comparison.PValue, comparison.IsSignificant, comparison.Verdict, comparison.Sentence);
}

internal sealed record HistoryBody(string Time, string Event, string Detail, string? Actor);

internal sealed record PercentilesBody(double? P50, double? P95)
{
    public static PercentilesBody From(Percentiles seconds) => new(seconds.P50 * 1000, seconds.P95 * 1000);
}

internal sealed record ScoreBody(long Count, double? Mean);

internal sealed record JudgeScoreBody(string Name, long Count, double? Mean, long Failures);

internal sealed record ArmPointBody(long T, long Requests, long Errors, double? TtftMs, double? TpotMs, double? Score);

internal sealed record ArmBody(string Name, string Digest, double Weight, long Requests, long Errors, long Refusals, long Tokens)
{
    public required PercentilesBody TtftMs { get; init; }

    public required PercentilesBody TpotMs { get; init; }

    public required IReadOnlyDictionary<string, long> StopReasons { get; init; }

    public required ScoreBody Feedback { get; init; }

    public required IReadOnlyList<JudgeScoreBody> Judges { get; init; }

    public required string Probe { get; init; }

    public required IReadOnlyList<ArmPointBody> Series { get; init; }

    public static ArmBody From(string name, string digest, double weight, ArmSummary arm, ArmFigures? figures, string probe) =>
        new(name, digest, weight, arm.Requests, arm.Errors, arm.Refusals, arm.Tokens)
        {
            TtftMs = PercentilesBody.From(arm.TimeToFirstToken),
            TpotMs = PercentilesBody.From(arm.TimePerToken),
            StopReasons = arm.StopReasons,
            Feedback = new ScoreBody(arm.Feedback.Count, arm.Feedback.Mean),
            Judges = [.. arm.Judges.Select(judge => new JudgeScoreBody(judge.Name, judge.Scores.Count, judge.Scores.Mean, judge.Failures))],
            Probe = probe,
            Series = [.. (figures?.Series() ?? []).Select(bucket => new ArmPointBody(
                bucket.Time, bucket.Requests, bucket.Errors, bucket.FirstTokenSeconds * 1000, bucket.PerTokenSeconds * 1000, bucket.Score))],
        };
}
