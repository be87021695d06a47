using System.Globalization;

namespace Patchbay.Control.Releases;

/// <summary>What a guard says.</summary>
public enum GuardStatus
{
    /// <summary>There is too little to say.</summary>
    Waiting,

    /// <summary>All is well.</summary>
    Ok,

    /// <summary>The candidate does what it must not.</summary>
    Failing,
}

/// <summary>A guard's look at the arms.</summary>
/// <param name="Guard">What was asked for.</param>
/// <param name="Status">What it says.</param>
/// <param name="Value">What it saw; null while there is nothing.</param>
/// <param name="Samples">On how many samples of the candidate that rests.</param>
/// <param name="Sentence">The same for people.</param>
public sealed record GuardReading(ReleaseGuard Guard, GuardStatus Status, double? Value, long Samples, string Sentence)
{
    // A version that only fails is not waited for until the guard has all its samples.
    private const int AllFailed = 5;

    /// <summary>Looks at the arms for one guard.</summary>
    /// <param name="judges">How many judges the release has; a guard on them waits for each.</param>
    public static GuardReading Read(ReleaseGuard guard, ReleaseObservation observation, int judges)
    {
        var candidate = observation.Step.Candidate;
        return guard switch
        {
            { Metric: GuardMetric.Probe } => OfProbe(guard, observation.Probe),
            { Max: null, Min: null } => OfEvidence(guard, observation),
            { Metric: GuardMetric.ErrorRate } => candidate.Requests >= AllFailed && candidate.Errors == candidate.Requests
                ? new GuardReading(guard, GuardStatus.Failing, 1, candidate.Requests, $"All {candidate.Requests} answers of the candidate failed.")
                : OfValue(guard, Share(candidate.Errors, candidate.Requests), candidate.Requests, "errors", isShare: true),
            { Metric: GuardMetric.Refusals } =>
                OfValue(guard, Share(candidate.Refusals, candidate.Requests + candidate.Refusals), candidate.Requests + candidate.Refusals, "refusals", isShare: true),
            { Metric: GuardMetric.Feedback } => OfValue(guard, candidate.Feedback.Mean, candidate.Feedback.Count, "mean feedback", isShare: false),
            { Metric: GuardMetric.JudgeScore } => OfJudges(guard, candidate, judges),
            { Metric: GuardMetric.TtftP95Ratio } =>
                OfRatio(guard, observation, arm => (arm.TimeToFirstToken.P95, arm.FirstTokenMoments.Count), "time to the first token (p95)"),
            { Metric: GuardMetric.TpotP95Ratio } =>
                OfRatio(guard, observation, arm => (arm.TimePerToken.P95, arm.PerTokenMoments.Count), "time per token (p95)"),
            _ => OfRatio(guard, observation, arm => (arm.LengthMoments.Mean, arm.LengthMoments.Count), "length of answers"),
        };
    }

    private static GuardReading OfProbe(ReleaseGuard guard, ProbeOutcome probe) => probe switch
    {
        ProbeOutcome.Passed => new(guard, GuardStatus.Ok, 1, 1, "The candidate's golden prompts go well."),
        ProbeOutcome.Sanity => new(guard, GuardStatus.Ok, 1, 0, "The candidate has no golden prompts; it computes finite numbers."),
        ProbeOutcome.Failed => new(guard, GuardStatus.Failing, 0, 1, "The candidate's golden prompts do not go well."),
        _ => new(guard, GuardStatus.Ok, null, 0, "The candidate has no golden prompts."),
    };

    private static GuardReading OfJudges(ReleaseGuard guard, ArmSummary candidate, int judges)
    {
        // Judges appear with their first score; one that never answers must not be overlooked.
        var samples = candidate.Judges.Count < judges ? 0 : candidate.Judges.Select(judge => judge.Scores.Count).DefaultIfEmpty(0).Min();
        var scored = candidate.Judges.Where(judge => judge.Scores.Count > 0).ToList();
        var lowest = scored.Count == 0 ? default : scored.MinBy(judge => judge.Scores.Mean);
        return OfValue(guard, lowest.Scores.Mean, samples, lowest.Name is null ? "judges' scores" : $"mean score of judge '{lowest.Name}'", isShare: false);
    }

    private static GuardReading OfRatio(ReleaseGuard guard, ReleaseObservation observation, Func<ArmSummary, (double? Value, long Count)> select, string what)
    {
        var (candidate, samples) = select(observation.Step.Candidate);
        var (stable, baseline) = select(observation.Step.Stable);
        if (baseline < guard.MinSamples)
        {
            // At the last step the stable version has no traffic; what it did before is the measure.
            (stable, baseline) = select(observation.StableTotal);
        }
        var ratio = candidate / stable;
        return OfValue(guard, ratio is { } value && double.IsFinite(value) ? ratio : null, Math.Min(samples, baseline), what + ", candidate / stable", isShare: false);
    }

    private static GuardReading OfValue(ReleaseGuard guard, double? value, long samples, string what, bool isShare)
    {
        if (value is not { } seen || samples < guard.MinSamples)
        {
            return new GuardReading(guard, GuardStatus.Waiting, value, samples, $"Waits: {samples} of {guard.MinSamples} samples of {what}.");
        }
        var isFailing = seen > guard.Max || seen < guard.Min;
        var limit = isFailing ? seen > guard.Max ? $"more than {Show(guard.Max, isShare)}" : $"less than {Show(guard.Min, isShare)}"
            : string.Join(", ", new[] { guard.Max is null ? null : $"at most {Show(guard.Max, isShare)}", guard.Min is null ? null : $"at least {Show(guard.Min, isShare)}" }.OfType<string>());
        var sentence = string.Create(CultureInfo.InvariantCulture, $"{char.ToUpperInvariant(what[0])}{what.AsSpan(1)}: {Show(seen, isShare)} over {samples} samples, {limit}.");
        return new GuardReading(guard, isFailing ? GuardStatus.Failing : GuardStatus.Ok, seen, samples, sentence);
    }

    private static GuardReading OfEvidence(ReleaseGuard guard, ReleaseObservation observation)
    {
        var isScore = guard.Metric is GuardMetric.Feedback or GuardMetric.JudgeScore;
        var metric = guard.Metric switch
        {
            GuardMetric.ErrorRate => "error_rate",
            GuardMetric.Refusals => "refusals",
            GuardMetric.Feedback => "feedback",
            _ => "judge:",
        };
        var candidate = observation.CandidateTotal;
        var samples = guard.Metric switch
        {
            GuardMetric.Feedback => candidate.Feedback.Count,
            GuardMetric.JudgeScore => candidate.Judges.Select(judge => judge.Scores.Count).DefaultIfEmpty(0).Min(),
            _ => candidate.Requests + (guard.Metric == GuardMetric.Refusals ? candidate.Refusals : 0),
        };
        var comparisons = ReleaseComparison.All(observation).Where(comparison => comparison.Metric.StartsWith(metric, StringComparison.Ordinal)).ToList();
        if (comparisons.Find(comparison => comparison.Verdict == (isScore ? "lower" : "higher")) is { } worse)
        {
            return new GuardReading(guard, GuardStatus.Failing, worse.Difference, samples, worse.Sentence);
        }
        return samples < guard.MinSamples || comparisons.Count == 0
            ? new GuardReading(guard, GuardStatus.Waiting, null, samples, $"Waits: {samples} of {guard.MinSamples} samples.")
            : new GuardReading(guard, GuardStatus.Ok, comparisons[0].Difference, samples, comparisons[0].Sentence);
    }

    private static double? Share(long part, long whole) => whole == 0 ? null : (double)part / whole;

    private static string Show(double? value, bool isShare) =>
        string.Create(CultureInfo.InvariantCulture, $"{(isShare ? value * 100 : value):0.##}{(isShare ? " %" : "")}");
}
