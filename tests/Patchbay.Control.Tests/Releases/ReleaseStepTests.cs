using Patchbay.Control.Releases;
using Patchbay.Control.Routing;

namespace Patchbay.Control.Tests.Releases;

public sealed class ReleaseStepTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 15, 0, 0, TimeSpan.Zero);

    [Fact]
    public void StepDone_Next_GoesOnToTheEndAndPromotes()
    {
        var release = Begin(steps: [new RolloutStep(10, 5, 3), new RolloutStep(100)]);
        release = Look(release, Arms(candidate: 5), 0, 1, 2);
        Assert.Equal((0, 10), (release.Step, release.Weight));
        release = Look(release, Arms(candidate: 5), seconds: 3);
        Assert.Equal((1, 100, Start.AddSeconds(3)), (release.Step, release.Weight, release.StepStarted));
        release = Look(release, Arms(candidate: 0), seconds: 4);
        Assert.Equal((ReleaseState.Promoted, 100, Start.AddSeconds(4)), (release.State, release.Weight, release.Ended!.Value));
        Assert.Equal(["started", "step", "promoted"], release.History.Select(happened => happened.Event));
    }

    [Fact]
    public void TooFewRequests_Next_WaitsAndAtLastPausesAsInconclusive()
    {
        var release = Begin(steps: [new RolloutStep(10, 5, 1)]);
        release = Look(release, Arms(candidate: 4), [.. Enumerable.Range(0, 600).Select(second => (double)second)]);
        Assert.Equal(ReleaseState.Running, release.State);
        release = Look(release, Arms(candidate: 4), seconds: 600);
        Assert.Equal(ReleaseState.Paused, release.State);
        Assert.Equal("Inconclusive after 600 s: 4 of 5 requests.", release.EndReason);
        release = ReleaseStep.Resume(release, "more traffic", "alice", Start.AddSeconds(700)).Release;
        release = Look(release, Arms(candidate: 5), 701, 702);
        Assert.Equal(ReleaseState.Promoted, release.State);
    }

    [Fact]
    public void FailingGuard_Next_RollsBackAfterItsLimitOfNewSamples()
    {
        var release = Begin(guards: [new ReleaseGuard(GuardMetric.ErrorRate, Max: 0.02, MinSamples: 10, FailureLimit: 1)]);
        Assert.Equal(ReleaseState.Running, Look(release, Arms(candidate: 9, errors: 4), 0, 1, 2).State);
        release = Look(release, Arms(candidate: 10, errors: 1), 0, 1, 2, 3, 4);
        Assert.Equal(ReleaseState.Running, release.State);
        release = Look(release, Arms(candidate: 11, errors: 1), 5);
        Assert.Equal((ReleaseState.RolledBack, 0), (release.State, release.Weight));
        Assert.Equal("Errors: 9.09 % over 11 samples, more than 2 %.", release.EndReason);
    }

    [Fact]
    public void VersionThatOnlyFails_Next_IsGoneBeforeTheGuardHasItsSamples()
    {
        var release = Begin(guards: [new ReleaseGuard(GuardMetric.ErrorRate, Max: 0.5, MinSamples: 1_000)]);
        Assert.Equal(ReleaseState.RolledBack, Look(release, Arms(candidate: 5, errors: 5), seconds: 0).State);
    }

    [Fact]
    public void PausedRelease_Next_StillRollsBackButNeverAdvances()
    {
        var release = Begin(steps: [new RolloutStep(10), new RolloutStep(100)], guards: [new ReleaseGuard(GuardMetric.ErrorRate, Max: 0.02, MinSamples: 10)]);
        release = ReleaseStep.Pause(release, "lunch", "alice", Start).Release;
        Assert.Equal(0, Look(release, Arms(candidate: 100), 1, 2, 3).Step);
        Assert.Equal(ReleaseState.RolledBack, Look(release, Arms(candidate: 100, errors: 50), seconds: 4).State);
    }

    [Fact]
    public void ClockJumps_Next_EndNoStepUnobserved()
    {
        var release = Begin(steps: [new RolloutStep(10, 0, 60)]);
        release = Look(release, Arms(), 0, 36_000, -36_000, 72_000, 0, 90_000);
        Assert.Equal(ReleaseState.Running, release.State);
        Assert.InRange(release.Progress.HeldSeconds, 0, 5 * ReleaseStep.MaxLookSeconds);
    }

    [Fact]
    public void WithoutAutoPromote_Next_SaysOnceThatItIsReady()
    {
        var release = Begin(steps: [new RolloutStep(50)], autoPromote: false);
        release = Look(release, Arms(candidate: 5), 0, 1, 2);
        Assert.Equal(ReleaseState.Running, release.State);
        Assert.Single(release.History, happened => happened.Event == "ready");
        Assert.Equal(ReleaseState.Promoted, ReleaseStep.Promote(release, "looks good", "alice", Start).Release.State);
    }

    [Fact]
    public void EndedRelease_AnyCommand_ChangesNothing()
    {
        var release = ReleaseStep.Abort(Begin(), "no", "alice", Start).Release;
        Assert.Empty(ReleaseStep.Next(release, Arms(candidate: 100, errors: 100), Start).Events);
        Assert.Empty(ReleaseStep.Promote(release, "yes", "bob", Start).Events);
        Assert.Empty(ReleaseStep.Resume(release, "yes", "bob", Start).Events);
        Assert.Empty(ReleaseStep.Pause(release, "yes", "bob", Start).Events);
        Assert.Empty(ReleaseStep.Restart(release, Start).Events);
        Assert.Equal(0, release.Weight);
    }

    [Fact]
    public void ServerThatDiesAgainAndAgain_Restart_Pauses()
    {
        var release = Begin();
        release = ReleaseStep.Restart(ReleaseStep.Restart(release, Start).Release, Start).Release;
        Assert.Equal(ReleaseState.Running, release.State);
        Assert.Equal(ReleaseState.Paused, ReleaseStep.Restart(release, Start).Release.State);
    }

    [Fact]
    public void Document_WriteAndRead_KeepsEverything()
    {
        var release = Look(Begin(guards: [new ReleaseGuard(GuardMetric.TtftP95Ratio, Max: 1.2)]), Arms(candidate: 3), 0, 1);
        var text = ReleaseJson.Write(release);
        Assert.Equal(text, ReleaseJson.Write(ReleaseJson.Read(text)));
        Assert.Contains("\"metric\":\"ttft_p95_ratio\"", text, StringComparison.Ordinal);
        Assert.True(ReleaseJson.Read(text).Spec.AutoPromote);
    }

    [Fact]
    public void AbTest_Next_PromotesOnlyWhatIsProvenBetter()
    {
        var steps = new[] { new RolloutStep(50, 100) };
        Assert.Equal((ReleaseState.Paused, "No arm is proven better."), Ended(Arms(stable: 1_000, candidate: 1_000)));
        Assert.Equal(ReleaseState.Promoted, Ended(Arms(stable: 1_000, stableErrors: 100, candidate: 1_000, errors: 10)).State);
        var (state, reason) = Ended(Arms(stable: 1_000, stableErrors: 10, candidate: 1_000, errors: 100));
        Assert.Equal(ReleaseState.Paused, state);
        Assert.Contains("worse", reason, StringComparison.Ordinal);

        (ReleaseState State, string Reason) Ended(ReleaseObservation observation)
        {
            var release = Look(Begin(steps, kind: ReleaseKind.Ab), observation, 0, 1);
            return (release.State, release.EndReason!);
        }
    }

    [Fact]
    public void RunningRelease_ToPlan_IsAValidPlanThatGrowsWithoutMovingAnybodyBack()
    {
        var release = Begin(steps: [new RolloutStep(1), new RolloutStep(25), new RolloutStep(100)]);
        for (var step = 0; step < 3; step++)
        {
            Assert.Empty(RoutePlanValidator.Validate((release with { Step = step }).ToPlan(), _ => true));
        }
        var first = CompiledPlan.Compile("medical", release.ToPlan());
        var second = CompiledPlan.Compile("medical", (release with { Step = 1 }).ToPlan());
        Assert.All(Enumerable.Range(0, 5_000).Select(i => new RouteKey("r", $"u{i}")),
            key => Assert.True(first.Choose(key, default).Arm != "canary" || second.Choose(key, default).Arm == "canary"));
    }

    internal static Release Begin(
        IReadOnlyList<RolloutStep>? steps = null, IReadOnlyList<ReleaseGuard>? guards = null, bool autoPromote = true, ReleaseKind kind = ReleaseKind.Canary) =>
        ReleaseStart.Begin(
            new ReleaseSpec("medical", "x", steps ?? [new RolloutStep(10, 50, 10)], guards) { AutoPromote = autoPromote, Kind = kind },
            new ReleaseSurroundings(Versions.Of("a"), Versions.Of("b"), ProbeOutcome.None, null, null, _ => null), "rel-1", "alice", Start);

    internal static ReleaseObservation Arms(int stable = 1_000, int stableErrors = 0, int candidate = 0, int errors = 0)
    {
        var before = ArmSummary.Empty with { Requests = stable, Errors = stableErrors };
        var now = ArmSummary.Empty with { Requests = candidate, Errors = errors };
        return new ReleaseObservation([new StepFigures(before, now)], before, now, ProbeOutcome.None);
    }

    private static Release Look(Release release, ReleaseObservation observation, params double[] seconds)
    {
        foreach (var second in seconds)
        {
            release = ReleaseStep.Next(release, observation, Start.AddSeconds(second)).Release;
        }
        return release;
    }
}
