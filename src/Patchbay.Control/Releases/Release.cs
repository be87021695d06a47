using System.Text.Json.Serialization;
using Patchbay.Control.Routing;

namespace Patchbay.Control.Releases;

/// <summary>Where a release is.</summary>
public enum ReleaseState
{
    /// <summary>It goes from step to step.</summary>
    Running,

    /// <summary>It stays at its step until a person decides; its guards go on watching.</summary>
    Paused,

    /// <summary>Over: the candidate is the alias's version.</summary>
    Promoted,

    /// <summary>Over: a person ended it, the stable version answers alone.</summary>
    Aborted,

    /// <summary>Over: a guard ended it, the stable version answers alone.</summary>
    RolledBack,
}

/// <summary>Something that happened to a release.</summary>
/// <param name="Actor">Who did it; null is the release itself.</param>
public sealed record ReleaseEvent(DateTimeOffset Time, string Event, string Detail, string? Actor);

/// <summary>
/// A rollout of one version to one alias: what was asked for and where it is. Immutable; the whole state that a restart needs,
/// kept as a document of the journal. <see cref="ReleaseStep"/> moves it on.
/// </summary>
public sealed record Release
{
    /// <summary>How many events are kept; the audit has them all.</summary>
    public const int MaxHistory = 100;

    /// <summary>Its name, unique for all time.</summary>
    public required string Id { get; init; }

    /// <summary>What was asked for.</summary>
    public required ReleaseSpec Spec { get; init; }

    /// <summary>The version that answered before.</summary>
    public required VersionDigest Stable { get; init; }

    /// <summary>The version that is tried.</summary>
    public required VersionDigest Candidate { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>Who began it.</summary>
    public required string StartedBy { get; init; }

    /// <summary>Where it is.</summary>
    public ReleaseState State { get; init; }

    /// <summary>The present step, counted from 0.</summary>
    public int Step { get; init; }

    /// <summary>When the present step began.</summary>
    public required DateTimeOffset StepStarted { get; init; }

    /// <summary>How often the server started anew during this step.</summary>
    public int Restarts { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>Why it ended, or why it is paused.</summary>
    public string? EndReason { get; init; }

    /// <summary>How far the present step is.</summary>
    public StepProgress Progress { get; init; } = StepProgress.None;

    /// <summary>What happened, oldest first.</summary>
    public IReadOnlyList<ReleaseEvent> History { get; init; } = [];

    /// <summary>Whether it is over.</summary>
    [JsonIgnore]
    public bool IsOver => State is not (ReleaseState.Running or ReleaseState.Paused);

    /// <summary>The share of the traffic that the candidate has now, in percent.</summary>
    [JsonIgnore]
    public double Weight => State switch
    {
        ReleaseState.Running or ReleaseState.Paused => Spec.Steps![Step].Weight,
        ReleaseState.Promoted => 100,
        _ => 0,
    };

    /// <summary>When the present step can end at the earliest; null where nothing is waited for in time.</summary>
    [JsonIgnore]
    public DateTimeOffset? StepEnds => State == ReleaseState.Running && Spec.Steps![Step].HoldSeconds > 0
        ? StepStarted.AddSeconds(Spec.Steps[Step].HoldSeconds) : null;

    /// <summary>The plan of its alias while it runs: who got the candidate keeps it while its share grows.</summary>
    public RoutePlan ToPlan()
    {
        PlanArm[] arms = [new("stable", Stable.ToString(), 100 - Weight), new("canary", Candidate.ToString(), Weight)];
        return Spec.Kind == ReleaseKind.Ab ? new AbPlan(arms, Spec.Sticky, Id) : new WeightedPlan(arms, Spec.Sticky, Id);
    }

    internal Release With(ReleaseEvent happened) => this with { History = [.. History.TakeLast(MaxHistory - 1), happened] };
}

/// <summary>How far a step is. Goes on between journal entries; a restart begins the step's hold anew.</summary>
/// <param name="HeldSeconds">How long the step was observed, by looks that were at most seconds apart.</param>
/// <param name="LastLook">When it was looked at last.</param>
/// <param name="Failures">How often each guard failed, by its place.</param>
/// <param name="SeenSamples">How many samples each guard had when it was counted last.</param>
/// <param name="IsReady">Whether everything is done and a person's word is waited for.</param>
public sealed record StepProgress(
    double HeldSeconds, DateTimeOffset? LastLook, IReadOnlyList<int> Failures, IReadOnlyList<long> SeenSamples, bool IsReady = false)
{
    /// <summary>Not looked at yet.</summary>
    public static StepProgress None { get; } = new(0, null, [], []);
}
