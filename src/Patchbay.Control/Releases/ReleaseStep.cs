using System.Globalization;

namespace Patchbay.Control.Releases;

/// <summary>A release after a look or a command, and what happened; nothing happened where the list is empty.</summary>
public sealed record ReleaseChange(Release Release, IReadOnlyList<ReleaseEvent> Events);

/// <summary>
/// Moves a release on: pure functions from state and observations to the next state. A look counts the time since the look
/// before, at most a few seconds of it, so that no jump of a clock and no pause of the process ends a step unobserved.
/// </summary>
/// <remarks>
/// Each look: 1. every guard reads the arms; 2. one that failed more often than its limit ends the release; 3. a step that was
/// held long enough, has its requests and all guards well, makes room for the next, the last one for the promotion; 4. a step
/// that cannot be decided in ten times its hold (at least ten minutes) pauses the release for a person.
/// </remarks>
public static class ReleaseStep
{
    /// <summary>The longest time between two looks that counts as observed.</summary>
    public const double MaxLookSeconds = 5;

    /// <summary>How often the server may start anew during one step before a person has to look.</summary>
    public const int MaxRestarts = 3;

    private const double MinDeadlineSeconds = 600;

    /// <summary>Every guard's reading.</summary>
    public static IReadOnlyList<GuardReading> ReadGuards(Release release, ReleaseObservation observation) =>
        [.. (release.Spec.Guards ?? []).Select(guard => GuardReading.Read(guard, observation, release.Spec.Judges?.Count ?? 0))];

    /// <summary>One look at a release.</summary>
    public static ReleaseChange Next(Release release, ReleaseObservation observation, DateTimeOffset now)
    {
        if (release.IsOver)
        {
            return new ReleaseChange(release, []);
        }
        var readings = ReadGuards(release, observation);
        var looked = release with { Progress = Look(release, readings, now) };
        for (var i = 0; i < readings.Count; i++)
        {
            if (looked.Progress.Failures[i] > readings[i].Guard.FailureLimit)
            {
                return End(looked, ReleaseState.RolledBack, "rolled_back", readings[i].Sentence, null, now);
            }
        }
        var step = release.Spec.Steps![release.Step];
        if (looked.State == ReleaseState.Paused || looked.Progress.IsReady || looked.Progress.HeldSeconds < step.HoldSeconds)
        {
            return new ReleaseChange(looked, []);
        }
        return FindWhatIsMissing(looked, readings, observation) is { } missing
            ? Wait(looked, missing, now)
            : Advance(looked, observation, now);
    }

    /// <summary>A person stops it where it is; its guards go on watching.</summary>
    public static ReleaseChange Pause(Release release, string reason, string? actor, DateTimeOffset now) => release.State == ReleaseState.Running
        ? Happen(release with { State = ReleaseState.Paused, EndReason = reason }, "paused", reason, actor, now)
        : new ReleaseChange(release, []);

    /// <summary>A person lets it go on; the step is held anew.</summary>
    public static ReleaseChange Resume(Release release, string reason, string actor, DateTimeOffset now) => release.State == ReleaseState.Paused
        ? Happen(release with { State = ReleaseState.Running, EndReason = null, StepStarted = now, Restarts = 0, Progress = StepProgress.None }, "resumed", reason, actor, now)
        : new ReleaseChange(release, []);

    /// <summary>A person ends it; the stable version answers alone.</summary>
    public static ReleaseChange Abort(Release release, string reason, string actor, DateTimeOffset now) => release.IsOver
        ? new ReleaseChange(release, [])
        : End(release, ReleaseState.Aborted, "aborted", reason, actor, now);

    /// <summary>A person makes the candidate the alias's version, whatever the guards say.</summary>
    public static ReleaseChange Promote(Release release, string reason, string actor, DateTimeOffset now) => release.IsOver
        ? new ReleaseChange(release, [])
        : End(release, ReleaseState.Promoted, "promoted", reason, actor, now);

    /// <summary>
    /// The server started anew: figures are gone, so the step is observed anew at the same weight. A candidate under which
    /// that happens again and again may be the reason; then a person has to look.
    /// </summary>
    public static ReleaseChange Restart(Release release, DateTimeOffset now)
    {
        if (release.IsOver)
        {
            return new ReleaseChange(release, []);
        }
        var restarted = release with { Restarts = release.Restarts + 1, StepStarted = now, Progress = StepProgress.None };
        return restarted.Restarts >= MaxRestarts && restarted.State == ReleaseState.Running
            ? Pause(restarted, $"The server started anew {restarted.Restarts} times during this step.", null, now)
            : Happen(restarted, "restarted", "The server started anew; the step is observed anew.", null, now);
    }

    private static StepProgress Look(Release release, IReadOnlyList<GuardReading> readings, DateTimeOffset now)
    {
        var progress = release.Progress;
        var elapsed = progress.LastLook is { } last ? Math.Clamp((now - last).TotalSeconds, 0, MaxLookSeconds) : 0;
        var failures = new int[readings.Count];
        var seen = new long[readings.Count];
        for (var i = 0; i < readings.Count; i++)
        {
            var before = i < progress.Failures.Count ? progress.Failures[i] : 0;
            var samples = i < progress.SeenSamples.Count ? progress.SeenSamples[i] : -1;
            // The same samples do not fail twice.
            var isNew = readings[i].Status == GuardStatus.Failing && (readings[i].Samples != samples || before == 0);
            failures[i] = before + (isNew ? 1 : 0);
            seen[i] = readings[i].Samples;
        }
        var held = release.State == ReleaseState.Running ? progress.HeldSeconds + elapsed : progress.HeldSeconds;
        return new StepProgress(held, now, failures, seen, progress.IsReady);
    }

    private static string? FindWhatIsMissing(Release release, IReadOnlyList<GuardReading> readings, ReleaseObservation observation)
    {
        var requests = observation.Step.Candidate.Requests;
        var wanted = release.Spec.Steps![release.Step].MinRequests;
        if (requests < wanted)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{requests} of {wanted} requests");
        }
        return readings.FirstOrDefault(reading => reading.Status != GuardStatus.Ok)?.Sentence;
    }

    private static ReleaseChange Wait(Release release, string missing, DateTimeOffset now)
    {
        var deadline = Math.Max(MinDeadlineSeconds, 10 * release.Spec.Steps![release.Step].HoldSeconds);
        return release.Progress.HeldSeconds < deadline
            ? new ReleaseChange(release, [])
            : Pause(release, string.Create(CultureInfo.InvariantCulture, $"Inconclusive after {deadline:0} s: {missing.TrimEnd('.')}."), null, now);
    }

    private static ReleaseChange Advance(Release release, ReleaseObservation observation, DateTimeOffset now)
    {
        var steps = release.Spec.Steps!;
        if (release.Step + 1 < steps.Count)
        {
            var next = release with { Step = release.Step + 1, StepStarted = now, Restarts = 0, Progress = StepProgress.None };
            return Happen(next, "step", string.Create(CultureInfo.InvariantCulture,
                $"Step {next.Step + 1} of {steps.Count}: {steps[next.Step].Weight:0.##} % of the traffic."), null, now);
        }
        if (release.Spec.Kind == ReleaseKind.Ab && FindWhyUndecided(observation) is { } undecided)
        {
            return Pause(release, undecided, null, now);
        }
        if (release.Spec.AutoPromote == false)
        {
            return Happen(release with { Progress = release.Progress with { IsReady = true } }, "ready", "All steps are done; promotion waits for a person.", null, now);
        }
        return End(release, ReleaseState.Promoted, "promoted", "All steps are done and all guards are well.", null, now);
    }

    private static string? FindWhyUndecided(ReleaseObservation observation)
    {
        var decided = ReleaseComparison.All(observation).Where(comparison => comparison.IsSignificant).ToList();
        // Lower is better for errors, refusals and times, higher for scores; the length of answers says nothing by itself.
        var worse = decided.Find(comparison => IsScore(comparison) ? comparison.Verdict == "lower" : comparison.Metric != "tokens" && comparison.Verdict == "higher");
        var better = decided.Find(comparison => IsScore(comparison) ? comparison.Verdict == "higher" : comparison.Metric != "tokens" && comparison.Verdict == "lower");
        return worse is not null ? "The candidate is worse in one respect: " + worse.Sentence
            : better is null ? "No arm is proven better." : null;
    }

    private static bool IsScore(ReleaseComparison comparison) =>
        comparison.Metric == "feedback" || comparison.Metric.StartsWith("judge:", StringComparison.Ordinal);

    private static ReleaseChange End(Release release, ReleaseState state, string name, string reason, string? actor, DateTimeOffset now) =>
        Happen(release with { State = state, Ended = now, EndReason = reason }, name, reason, actor, now);

    private static ReleaseChange Happen(Release release, string name, string detail, string? actor, DateTimeOffset now)
    {
        var happened = new ReleaseEvent(now, name, detail, actor);
        return new ReleaseChange(release.With(happened), [happened]);
    }
}
