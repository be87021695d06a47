using Patchbay.Control.Routing;
using Patchbay.Control.Tests.Releases;

namespace Patchbay.Control.Tests.Routing;

public sealed class RouteCommandsTests
{
    [Fact]
    public async Task Plan_SetAndRemove_IsJournaledWithGenerations()
    {
        await using var world = await ControlWorld.OpenAsync();
        var plan = Split(world, 90, 10);
        var route = (await world.Routes.SetAsync("medical", plan, 0, ControlWorld.Alice, default)).Route!;
        Assert.Equal(1, route.Generation);
        var wrong = await world.Routes.SetAsync("medical", plan, 0, ControlWorld.Alice, default);
        Assert.Equal(CommandOutcome.GenerationMismatch, wrong.Refusal!.Outcome);
        Assert.Equal(1, (await world.Routes.SetAsync("medical", plan, 1, ControlWorld.Alice, default)).Route!.Generation);
        Assert.Equal(2, (await world.Routes.SetAsync("medical", Split(world, 50, 50), 1, ControlWorld.Alice, default)).Route!.Generation);
        Assert.Equal("fixed", (await world.Routes.RemoveAsync("medical", 2, ControlWorld.Alice, default)).Route!.Plan.Kind);
        Assert.Equal(3, (await world.Routes.SetAsync("medical", plan, null, ControlWorld.Alice, default)).Route!.Generation);
        Assert.Equal(["route.set", "route.set", "route.remove", "route.set"], await world.ActionsAsync());
        Assert.Equal(["medical"], world.Routes.List().Select(one => one.Alias));
    }

    [Fact]
    public async Task UnknownVersionOrAlias_Set_IsRefused()
    {
        await using var world = await ControlWorld.OpenAsync();
        var unknown = await world.Routes.SetAsync("medical", new FixedPlan(Versions.Of("nothing").ToString()), null, ControlWorld.Alice, default);
        Assert.Equal("plan.digest", Assert.Single(unknown.Problems).Field);
        Assert.Equal("alias", Assert.Single((await world.Routes.SetAsync("legal", new FixedPlan("current"), null, ControlWorld.Alice, default)).Problems).Field);
        Assert.Null(world.Routes.Find("legal"));
    }

    [Fact]
    public async Task ThreeArms_SetAgain_KeepTheirKeysAsFarAsTheWeightsAllow()
    {
        await using var world = await ControlWorld.OpenAsync(versions: 3);
        await world.Routes.SetAsync("medical", Split(world, 60, 30, 10), null, ControlWorld.Alice, default);
        var before = Arms(world);
        await world.Routes.SetAsync("medical", Split(world, 50, 30, 20), null, ControlWorld.Alice, default);
        var after = Arms(world);
        Assert.All(before.Zip(after).Where(pair => pair.First != pair.Second), moved => Assert.Equal(("arm0", "arm2"), moved));
        Assert.InRange(before.Zip(after).Count(pair => pair.First != pair.Second), 900, 1_100);
    }

    [Fact]
    public async Task PlansChangedUnderLoad_Find_ArmAndDigestAlwaysAgree()
    {
        await using var world = await ControlWorld.OpenAsync(versions: 3);
        using var stop = new CancellationTokenSource();
        var answers = 0;
        var readers = Enumerable.Range(0, 64).Select(reader => Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var state = world.Plane.Snapshot;
                var plan = world.Table.Find("medical", state);
                if (plan is not null)
                {
                    var choice = plan.Choose(new RouteKey("r", $"u{reader}.{i}"), world.Versions[0]);
                    Assert.Equal(world.Versions[choice.Arm![^1] - '0'], choice.Digest);
                    Assert.Equal(((SplitPlan)plan.Plan).Arms!.First(arm => arm.Name == choice.Arm).Digest, choice.Digest.ToString());
                    Interlocked.Increment(ref answers);
                }
                await Task.Yield();
            }
        })).ToArray();
        var random = new Random(3);
        for (var i = 0; i < 200; i++)
        {
            var weight = random.Next(1, 98);
            var plan = i % 10 == 9 ? null : Split(world, weight, 99 - weight, 1);
            var answer = plan is null
                ? await world.Routes.RemoveAsync("medical", null, ControlWorld.Alice, default)
                : await world.Routes.SetAsync("medical", plan, null, ControlWorld.Alice, default);
            Assert.NotNull(answer.Route);
        }
        await stop.CancelAsync();
        await Task.WhenAll(readers);
        Assert.True(answers > 1_000);
    }

    private static WeightedPlan Split(ControlWorld world, params double[] weights) =>
        new([.. weights.Select((weight, i) => new PlanArm($"arm{i}", world.Versions[i].ToString(), weight))]);

    private static List<string?> Arms(ControlWorld world)
    {
        var plan = world.Table.Find("medical", world.Plane.Snapshot)!;
        return [.. Enumerable.Range(0, 10_000).Select(i => plan.Choose(new RouteKey("r", $"u{i}"), world.Current).Arm)];
    }
}
