using Patchbay.Control.Journal;
using Patchbay.Control.Releases;
using Patchbay.Control.Routing;

namespace Patchbay.Control.Tests.Releases;

public sealed class ReleaseConductorTests
{
    [Fact]
    public async Task GoodCandidate_Look_IsPromotedWithItsPlanInOneEntryEach()
    {
        await using var world = await ControlWorld.OpenAsync();
        var release = await world.StartAsync();
        Assert.Equal("weighted", world.Routes.Find("medical")!.Plan.Kind);
        Assert.Equal("canary", Arm(world, "u1", 100_000));
        for (var second = 0; second < 10 && !world.Conductor.Find(release.Id)!.IsOver; second++)
        {
            await world.SecondAsync();
        }
        Assert.Equal(ReleaseState.Promoted, world.Conductor.Find(release.Id)!.State);
        Assert.Equal(world.Versions[1], world.Current);
        Assert.Equal(new AliasRoute("medical", 0, new FixedPlan(RoutePlan.Current)), world.Routes.Find("medical"));
        Assert.Equal(["release.start", "release.step", "release.promote"], await world.ActionsAsync());
        Assert.Equal(["rel-1 started", "rel-1 step", "rel-1 promoted"], world.Seen);
        Assert.True(world.Plane.Snapshot.Adapters["medical"].Releases.SequenceEqual([world.Versions[0]]));
    }

    [Fact]
    public async Task BadCandidate_Look_IsRolledBackAndTheNextReleaseMayStart()
    {
        await using var world = await ControlWorld.OpenAsync();
        var release = await world.StartAsync();
        await world.SecondAsync(errors: 3);
        var ended = world.Conductor.Find(release.Id)!;
        Assert.Equal(ReleaseState.RolledBack, ended.State);
        Assert.Equal("Errors: 30 % over 10 samples, more than 5 %.", ended.EndReason);
        Assert.Equal(world.Versions[0], world.Current);
        Assert.Null(world.Table.Find("medical", world.Plane.Snapshot));
        Assert.Equal(["release.start", "release.rollback"], await world.ActionsAsync());
        Assert.Equal("rel-2", (await world.StartAsync()).Id);
        Assert.Equal(["rel-2", "rel-1"], world.Conductor.List().Select(one => one.Id));
    }

    [Fact]
    public async Task KilledInMidStep_NextProcess_GoesOnAtTheSameWeight()
    {
        await using var world = await ControlWorld.OpenAsync();
        var release = await world.StartAsync(world.Spec(steps: [new RolloutStep(10, 5, 2), new RolloutStep(50, 5, 10)]));
        while (world.Conductor.Find(release.Id)!.Step == 0)
        {
            await world.SecondAsync();
        }
        var plan = RoutePlanJson.Write(world.Routes.Find("medical")!.Plan);
        await world.RestartAsync();
        Assert.Equal(plan, RoutePlanJson.Write(world.Routes.Find("medical")!.Plan));
        await world.Conductor.LookAsync(default);
        var restarted = world.Conductor.Find(release.Id)!;
        Assert.Equal((1, 50, 1, "restarted"), (restarted.Step, restarted.Weight, restarted.Restarts, restarted.History[^1].Event));
        for (var second = 0; second < 9; second++)
        {
            await world.SecondAsync();
            Assert.Equal(ReleaseState.Running, world.Conductor.Find(release.Id)!.State);
        }
        for (var second = 0; second < 5; second++)
        {
            await world.SecondAsync();
        }
        Assert.Equal(ReleaseState.Promoted, world.Conductor.Find(release.Id)!.State);
    }

    [Fact]
    public async Task WrongReleases_Start_AreRefusedWithEveryReason()
    {
        await using var world = await ControlWorld.OpenAsync(versions: 1);
        await world.UploadAsync("broken", release: false, ProbeOutcome.Failed);
        Assert.Equal([("candidate", "failed its golden prompts")], await Problems(world.Spec()));
        Assert.Equal(["alias", "candidate"], (await Problems(world.Spec() with { Alias = "nobody" })).Select(problem => problem.Item1));
        await world.UploadAsync("good", release: false, ProbeOutcome.None);
        await world.StartAsync(world.Spec(candidate: 2));
        Assert.Contains("rel-1", Assert.Single(await Problems(world.Spec(candidate: 2))).Item2, StringComparison.Ordinal);
        Assert.Equal(["release.start"], await world.ActionsAsync());

        async Task<List<(string, string)>> Problems(ReleaseSpec spec) =>
            [.. (await world.Conductor.StartAsync(spec, _ => null, ControlWorld.Alice, default)).Problems.Select(problem => (problem.Field, problem.Message))];
    }

    [Fact]
    public async Task RunningRelease_RouteCommands_AreRefused()
    {
        await using var world = await ControlWorld.OpenAsync();
        await world.StartAsync();
        var set = await world.Routes.SetAsync("medical", new FixedPlan(RoutePlan.Current), null, ControlWorld.Alice, default);
        Assert.Contains("rel-1", Assert.Single(set.Problems).Message, StringComparison.Ordinal);
        Assert.Single((await world.Routes.RemoveAsync("medical", null, ControlWorld.Alice, default)).Problems);
        var stays = await world.Plane.RemoveVersionAsync("medical", world.Versions[1], ControlWorld.Alice, default);
        Assert.Equal(CommandOutcome.InUse, stays.Outcome);
    }

    [Fact]
    public async Task AliasMovedByHand_Look_EndsTheRelease()
    {
        await using var world = await ControlWorld.OpenAsync(versions: 3);
        var release = await world.StartAsync();
        await world.SecondAsync();
        await world.Plane.ReleaseAsync(new ReleaseCommand("medical", world.Versions[2]), ControlWorld.Alice, default);
        await world.SecondAsync();
        Assert.Equal(ReleaseState.Aborted, world.Conductor.Find(release.Id)!.State);
        Assert.Equal(world.Versions[2], world.Current);
    }

    [Fact]
    public async Task Orders_OfAPerson_AreCarriedOutAndJournaled()
    {
        await using var world = await ControlWorld.OpenAsync();
        var release = await world.StartAsync();
        foreach (var (order, state) in new[]
        {
            (ReleaseOrder.Pause, ReleaseState.Paused), (ReleaseOrder.Resume, ReleaseState.Running), (ReleaseOrder.Promote, ReleaseState.Promoted), (ReleaseOrder.Abort, ReleaseState.Promoted),
        })
        {
            Assert.Equal(state, (await world.Conductor.OrderAsync(release.Id, order, ControlWorld.Alice, default)).Release!.State);
        }
        Assert.Equal(["release.start", "release.pause", "release.resume", "release.promote"], await world.ActionsAsync());
        Assert.Equal(world.Versions[1], world.Current);
        Assert.Null((await world.Conductor.OrderAsync("rel-99", ReleaseOrder.Abort, ControlWorld.Alice, default)).Release);
    }

    [Fact]
    public async Task QuietRelease_Look_WritesNothing()
    {
        await using var world = await ControlWorld.OpenAsync();
        await world.StartAsync(world.Spec(steps: [new RolloutStep(10, 0, 100)]));
        var revision = world.Plane.Snapshot.Revision;
        for (var second = 0; second < 20; second++)
        {
            await world.SecondAsync();
        }
        Assert.Equal(revision, world.Plane.Snapshot.Revision);
        Assert.InRange(world.Conductor.Find("rel-1")!.Progress.HeldSeconds, 18, 20);
    }

    [Fact]
    public async Task AnswersOfAnEarlierRelease_FindArm_AreNotCountedInTheNext()
    {
        await using var world = await ControlWorld.OpenAsync(versions: 3);
        var first = await world.StartAsync();
        await world.Conductor.OrderAsync(first.Id, ReleaseOrder.Abort, ControlWorld.Alice, default);
        Assert.Null(world.Conductor.FindArm("medical", world.Versions[1]));
        await world.StartAsync(world.Spec(candidate: 2));
        Assert.Null(world.Conductor.FindArm("medical", world.Versions[1]));
        Assert.Equal("rel-2", world.Conductor.FindArm("medical", world.Versions[2])!.Value.Release.Id);
    }

    // The arm of the first of many users who is on the canary, or of the first one.
    private static string? Arm(ControlWorld world, string user, int users)
    {
        var plan = world.Table.Find("medical", world.Plane.Snapshot)!;
        return Enumerable.Range(0, users).Select(i => plan.Choose(new RouteKey("r", user + i), world.Current).Arm).FirstOrDefault(arm => arm == "canary");
    }
}
