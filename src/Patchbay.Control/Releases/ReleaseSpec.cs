using System.Text.Json;
using System.Text.Json.Serialization;
using Patchbay.Control.Routing;

namespace Patchbay.Control.Releases;

/// <summary>What kind of release it is.</summary>
public enum ReleaseKind
{
    /// <summary>The candidate gets more and more of the traffic while it does no harm.</summary>
    Canary,

    /// <summary>Both arms run side by side until one is better.</summary>
    Ab,
}

/// <summary>A part of a release during which the candidate's share stays the same.</summary>
/// <param name="Weight">The candidate's share, in percent.</param>
/// <param name="MinRequests">Answers of the candidate that the step waits for.</param>
/// <param name="HoldSeconds">How long it lasts at least.</param>
public sealed record RolloutStep(double Weight, int MinRequests = 0, double HoldSeconds = 0);

/// <summary>What a guard watches.</summary>
public enum GuardMetric
{
    /// <summary>The share of the candidate's answers that failed.</summary>
    ErrorRate,

    /// <summary>The 95th percentile of the time to the first token, candidate / stable.</summary>
    TtftP95Ratio,

    /// <summary>The 95th percentile of the time per token, candidate / stable.</summary>
    TpotP95Ratio,

    /// <summary>The candidate's lowest mean score among the judges.</summary>
    JudgeScore,

    /// <summary>The candidate's mean score from users.</summary>
    Feedback,

    /// <summary>The share of the candidate's requests that were turned away.</summary>
    Refusals,

    /// <summary>Whether the candidate's golden prompts go well: 1 or 0.</summary>
    Probe,

    /// <summary>The mean length of answers, candidate / stable.</summary>
    LengthRatio,
}

/// <summary>
/// What must not happen to the candidate. Without a limit the candidate must not be proven worse than the stable version
/// (error rate, refusals, feedback and judges only).
/// </summary>
/// <param name="Metric">What is watched.</param>
/// <param name="Max">The most that is well.</param>
/// <param name="Min">The least that is well.</param>
/// <param name="MinSamples">How many samples there must be before the guard says anything.</param>
/// <param name="FailureLimit">How many looks (one a second, with new samples) may fail before the candidate is rolled back.</param>
public sealed record ReleaseGuard(
    GuardMetric Metric,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Max = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Min = null,
    int MinSamples = 20,
    int FailureLimit = 0);

/// <summary>How answers are judged.</summary>
public enum JudgeKind
{
    /// <summary>1 where the answer matches a pattern, otherwise 0.</summary>
    Regex,

    /// <summary>1 where the answer is JSON that satisfies a schema, otherwise 0.</summary>
    JsonSchema,

    /// <summary>What a service says.</summary>
    Http,

    /// <summary>What a judge says that the host program has registered under this name.</summary>
    Registered,
}

/// <summary>A judge that scores answers of both arms from 0 to 1, beside the answer.</summary>
/// <param name="Kind">How it judges.</param>
/// <param name="Name">What it is called in reports.</param>
/// <param name="Pattern">The pattern of a regex judge.</param>
/// <param name="Schema">The schema of a JSON judge.</param>
/// <param name="Url">Where an HTTP judge is asked.</param>
/// <param name="TimeoutSeconds">How long any judge may take; null is 5.</param>
public sealed record ReleaseJudge(
    JudgeKind Kind,
    string? Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Pattern = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Schema = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Url = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? TimeoutSeconds = null);

/// <summary>What an operator asks for when starting a release.</summary>
/// <param name="Alias">The alias whose version is to be replaced.</param>
/// <param name="Candidate">The version that may replace it: a digest, or enough of its first digits.</param>
/// <param name="Steps">What share it gets when, at least one.</param>
/// <param name="Guards">What must not happen meanwhile.</param>
/// <param name="Judges">Who scores the answers.</param>
public sealed record ReleaseSpec(
    string? Alias, string? Candidate, IReadOnlyList<RolloutStep>? Steps, IReadOnlyList<ReleaseGuard>? Guards = null, IReadOnlyList<ReleaseJudge>? Judges = null)
{
    /// <summary>Canary or A/B test.</summary>
    public ReleaseKind Kind { get; init; }

    /// <summary>What keeps a caller on an arm.</summary>
    public Stickiness Sticky { get; init; }

    /// <summary>Whether the candidate takes over by itself at the end; null says yes.</summary>
    public bool? AutoPromote { get; init; }

    /// <summary>Why.</summary>
    public string? Reason { get; init; }
}
