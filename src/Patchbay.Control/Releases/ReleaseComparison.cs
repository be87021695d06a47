using System.Globalization;
using Patchbay.Control.Releases.Statistics;

namespace Patchbay.Control.Releases;

/// <summary>The candidate against the stable version in one respect.</summary>
/// <param name="Metric">Which respect.</param>
/// <param name="Difference">Candidate minus stable, in the metric's unit.</param>
/// <param name="Low">The lower end of an interval that may be looked at any time (95 %); null while there is too little data.</param>
/// <param name="High">Its upper end.</param>
/// <param name="PValue">Always valid; null where the interval alone decides.</param>
/// <param name="Verdict">A word for programs: <c>too_few</c>, <c>no_difference</c>, <c>higher</c> or <c>lower</c>.</param>
/// <param name="Sentence">The same for people.</param>
public sealed record ReleaseComparison(string Metric, double? Difference, double? Low, double? High, double? PValue, string Verdict, string Sentence)
{
    private const string Confidence = "95 %, may be looked at any time";

    /// <summary>Whether the arms differ, at 5 % for the whole life of the release.</summary>
    public bool IsSignificant => Verdict is "higher" or "lower";

    /// <summary>Every comparison that the figures allow.</summary>
    public static IReadOnlyList<ReleaseComparison> All(ReleaseObservation observation)
    {
        var comparisons = new List<ReleaseComparison>
        {
            Of("error_rate", Errors(observation), 100, "errors", "points", "more errors", "fewer errors"),
            Of("refusals", Refusals(observation), 100, "refusals", "points", "more refusals", "fewer refusals"),
            Of("ttft_ms", Means(observation, arm => arm.FirstTokenMoments), 1000, "the time to the first token", "ms", "more to the first token", "less to the first token"),
            Of("tpot_ms", Means(observation, arm => arm.PerTokenMoments), 1000, "the time per token", "ms", "more per token", "less per token"),
            Of("tokens", Means(observation, arm => arm.LengthMoments), 1, "the length of answers", "tokens", "more in an answer", "fewer in an answer"),
            OfScores("feedback", observation.StableTotal.Feedback, observation.CandidateTotal.Feedback, "feedback"),
        };
        comparisons.AddRange(observation.CandidateTotal.Judges.Select(judge => OfScores("judge:" + judge.Name,
            observation.StableTotal.Judges.FirstOrDefault(other => other.Name == judge.Name).Scores, judge.Scores, $"the scores of judge '{judge.Name}'")));
        return comparisons;
    }

    internal static Difference Errors(ReleaseObservation observation) =>
        Proportions(observation, arm => Moments.OfProportion(arm.Requests, arm.Errors));

    internal static Difference Refusals(ReleaseObservation observation) =>
        Proportions(observation, arm => Moments.OfProportion(arm.Requests + arm.Refusals, arm.Refusals));

    private static Difference Proportions(ReleaseObservation observation, Func<ArmSummary, Moments> select) =>
        SequentialDifference.OfProportions([.. observation.Steps.Select(step => new Stratum(select(step.Stable), select(step.Candidate)))]);

    private static Difference Means(ReleaseObservation observation, Func<ArmSummary, Moments> select) =>
        SequentialDifference.OfMeans([.. observation.Steps.Select(step => new Stratum(select(step.Stable), select(step.Candidate)))]);

    private static ReleaseComparison Of(string metric, Difference difference, double scale, string what, string unit, string more, string fewer)
    {
        var isKnown = double.IsFinite(difference.Low) && difference is not { Low: -1, High: 1 };
        return Word(metric, isKnown ? difference.Value * scale : null, difference.Low * scale, difference.High * scale, isKnown ? difference.PValue : null,
            isKnown && difference.IsSignificant, (what, unit, more, fewer)) with
        {
            Difference = isKnown ? difference.Value : null,
            Low = isKnown ? difference.Low : null,
            High = isKnown ? difference.High : null,
        };
    }

    private static ReleaseComparison OfScores(string metric, ScoreFigures stable, ScoreFigures candidate, string what)
    {
        var isKnown = stable.Count > 0 && candidate.Count > 0;
        double low = candidate.Low - stable.High, high = candidate.High - stable.Low;
        return Word(metric, isKnown ? candidate.Mean - stable.Mean : null, low, high, null, isKnown && (low > 0 || high < 0),
            (what, "of 1", "better in " + what, "worse in " + what));
    }

    private static ReleaseComparison Word(
        string metric, double? value, double low, double high, double? p, bool isSignificant, (string What, string Unit, string More, string Fewer) words)
    {
        if (value is not { } difference)
        {
            return new ReleaseComparison(metric, null, null, null, null, "too_few", $"Too few answers yet to compare {words.What}.");
        }
        var sentence = isSignificant
            ? string.Create(CultureInfo.InvariantCulture,
                $"The candidate has {Math.Abs(difference):0.##} {words.Unit} {(difference > 0 ? words.More : words.Fewer)}: between {low:+0.##;-0.##;0} and {high:+0.##;-0.##;0} ({Confidence}).")
            : string.Create(CultureInfo.InvariantCulture,
                $"No difference in {words.What} so far: between {low:+0.##;-0.##;0} and {high:+0.##;-0.##;0} {words.Unit} ({Confidence}).");
        var verdict = !isSignificant ? "no_difference" : difference > 0 ? "higher" : "lower";
        return new ReleaseComparison(metric, difference, low, high, p, verdict, sentence);
    }
}
