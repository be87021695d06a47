using Patchbay.Control.Releases.Statistics;

namespace Patchbay.Control.Releases;

/// <summary>Scores in [0, 1] of one arm.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Mean">Their mean; null without one.</param>
/// <param name="Low">The lower end of an interval that holds the true mean at any time (97.5 %).</param>
/// <param name="High">Its upper end.</param>
public readonly record struct ScoreFigures(long Count, double? Mean, double Low, double High);

/// <summary>What one judge thinks of an arm.</summary>
/// <param name="Name">The judge's name in the release.</param>
/// <param name="Scores">Its scores.</param>
/// <param name="Failures">How many answers it failed to judge: it was too slow, or broke.</param>
public readonly record struct JudgeFigures(string Name, ScoreFigures Scores, long Failures);

/// <summary>Median and 95th percentile of a duration, in seconds; null without any.</summary>
public readonly record struct Percentiles(double? P50, double? P95);

/// <summary>What an arm did up to one moment. Immutable.</summary>
public sealed record ArmSummary
{
    /// <summary>Nothing yet.</summary>
    public static ArmSummary Empty { get; } = new() { StopReasons = new Dictionary<string, long>(), Judges = [], Feedback = new(0, null, 0, 1) };

    /// <summary>Answers that ended, well or badly.</summary>
    public long Requests { get; init; }

    /// <summary>Answers that ended in an error of the server or the model.</summary>
    public long Errors { get; init; }

    /// <summary>Requests that were turned away after the arm was chosen: too long, or no room.</summary>
    public long Refusals { get; init; }

    /// <summary>Tokens that were generated.</summary>
    public long Tokens { get; init; }

    /// <summary>Time to the first token.</summary>
    public Percentiles TimeToFirstToken { get; init; }

    /// <summary>Time per token after the first.</summary>
    public Percentiles TimePerToken { get; init; }

    /// <summary>Time to the first token, in seconds.</summary>
    public Moments FirstTokenMoments { get; init; }

    /// <summary>Time per token after the first, in seconds.</summary>
    public Moments PerTokenMoments { get; init; }

    /// <summary>Tokens of an answer that ended well.</summary>
    public Moments LengthMoments { get; init; }

    /// <summary>Why answers ended.</summary>
    public required IReadOnlyDictionary<string, long> StopReasons { get; init; }

    /// <summary>What users said.</summary>
    public ScoreFigures Feedback { get; init; }

    /// <summary>What judges said, each for itself.</summary>
    public required IReadOnlyList<JudgeFigures> Judges { get; init; }
}

/// <summary>Five seconds of an arm.</summary>
/// <param name="Time">When they began, in Unix seconds.</param>
/// <param name="Requests">Answers that ended.</param>
/// <param name="Errors">Those that ended in an error.</param>
/// <param name="FirstTokenSeconds">Mean time to the first token; null without an answer.</param>
/// <param name="PerTokenSeconds">Mean time per token; null without one.</param>
/// <param name="Score">Mean score of the judges; null without one.</param>
public readonly record struct ArmBucket(long Time, long Requests, long Errors, double? FirstTokenSeconds, double? PerTokenSeconds, double? Score);
