using Microsoft.Extensions.Time.Testing;
using Patchbay.Control.Residency;

namespace Patchbay.Control.Tests.Residency;

/// <summary>The behaviours of llama.cpp's router tests and Triton's lifecycle tests, on versions of ten bytes each.</summary>
public sealed class AdapterResidencyTests : IDisposable
{
    private readonly FakeLoader _loader = new();
    private readonly FakeTimeProvider _time = new();
    private readonly ManualScheduler _scheduler = new();
    private readonly List<ResidencyEvent> _events = [];
    private AdapterResidency<FakeAdapter, FakeLease>? _residency;

    public void Dispose() => _residency?.Dispose();

    [Fact]
    public async Task Ready_Acquire_IsSynchronousAndLoadsNothing()
    {
        var residency = Open(budget: 20, "a");
        (await LoadAsync("a")).Dispose();

        var again = residency.AcquireAsync(Versions.Of("a"));

        Assert.True(again.IsCompletedSuccessfully);
        Assert.Single(_loader.Started);
        Assert.Equal(AdapterTier.Ready, residency.Find(Versions.Of("a"))!.Tier);
    }

    [Fact]
    public async Task ManyWaiters_OneVersion_OneLoadAndALeaseEach()
    {
        var residency = Open(budget: 20, "a");
        var waiting = Enumerable.Range(0, 50).Select(_ => Ask("a")).ToArray();
        _scheduler.RunAll();
        Assert.Equal(AdapterTier.Loading, residency.Find(Versions.Of("a"))!.Tier);

        Finish("a");

        foreach (var answer in waiting)
        {
            Assert.Equal(AcquireOutcome.Leased, (await answer).Outcome);
        }
        Assert.Single(_loader.Started);
        Assert.Equal(50, residency.Find(Versions.Of("a"))!.Leases);
    }

    [Fact]
    public async Task Full_Acquire_EvictsTheLeastRecentlyUsed()
    {
        Open(budget: 20, "a", "b", "c");
        (await LoadAsync("a")).Dispose();
        (await LoadAsync("b")).Dispose();
        (await LoadAsync("a")).Dispose();

        (await LoadAsync("c")).Dispose();

        Assert.Equal(["b"], Evicted());
    }

    [Fact]
    public async Task Full_Acquire_EvictsTheLowestClassFirst()
    {
        var residency = Open(budget: 30, "high", "normal", "low", "new", "newer");
        residency.Rank(Versions.Of("high"), AdapterPriority.High, isPinned: false);
        residency.Rank(Versions.Of("low"), AdapterPriority.Low, isPinned: false);
        foreach (var name in (string[])["high", "normal", "low"])
        {
            (await LoadAsync(name)).Dispose();
        }

        (await LoadAsync("new")).Dispose();
        (await LoadAsync("newer")).Dispose();

        Assert.Equal(["low", "normal"], Evicted());
    }

    [Fact]
    public async Task LeasedVersion_Full_IsNotEvicted()
    {
        Open(budget: 20, "busy", "idle", "new");
        using var lease = await LoadAsync("busy");
        (await LoadAsync("idle")).Dispose();

        (await LoadAsync("new")).Dispose();

        Assert.Equal(["idle"], Evicted());
    }

    [Fact]
    public async Task PinnedVersion_Full_IsNotEvicted()
    {
        var residency = Open(budget: 20, "pinned", "idle", "new");
        residency.Rank(Versions.Of("pinned"), AdapterPriority.Low, isPinned: true);
        (await LoadAsync("pinned")).Dispose();
        (await LoadAsync("idle")).Dispose();

        (await LoadAsync("new")).Dispose();

        Assert.Equal(["idle"], Evicted());
    }

    [Fact]
    public async Task AllLeased_Acquire_WaitsAndIsServedByTheFirstLeaseThatEnds()
    {
        Open(budget: 10, "a", "b");
        var lease = await LoadAsync("a");
        var waiting = Ask("b");
        _scheduler.RunAll();
        Assert.False(waiting.IsCompleted);
        Assert.Equal([Versions.Of("a")], _loader.Started);

        lease.Dispose();
        _scheduler.RunAll();
        Finish("b");

        Assert.Equal(AcquireOutcome.Leased, (await waiting).Outcome);
        Assert.Equal(["a"], Evicted());
    }

    [Fact]
    public async Task AllLeased_WaitTooLong_IsBusyWithATimeToRetry()
    {
        Open(budget: 10, "a", "b");
        using var lease = await LoadAsync("a");
        var waiting = Ask("b");

        _time.Advance(TimeSpan.FromSeconds(15));

        var answer = await waiting;
        Assert.Equal(AcquireOutcome.Busy, answer.Outcome);
        Assert.NotNull(answer.RetryAfter);
        Assert.NotNull(answer.Problem);
        Assert.Equal(AdapterTier.Disk, _residency!.Find(Versions.Of("b"))!.Tier);
    }

    [Fact]
    public async Task LargerThanTheBudget_Acquire_HasNoRoomAtOnce()
    {
        var residency = Open(budget: 10, "a");
        (await LoadAsync("a")).Dispose();
        residency.Register(Versions.Of("large"), "large", 11);

        var answer = await Ask("large");

        Assert.Equal(AcquireOutcome.NoRoom, answer.Outcome);
        Assert.Empty(Evicted());
    }

    [Fact]
    public async Task BesideThePinned_Acquire_HasNoRoomAtOnce()
    {
        var residency = Open(budget: 15, "pinned", "b");
        residency.Rank(Versions.Of("pinned"), AdapterPriority.Normal, isPinned: true);
        (await LoadAsync("pinned")).Dispose();

        Assert.Equal(AcquireOutcome.NoRoom, (await Ask("b")).Outcome);
    }

    [Fact]
    public async Task NotEnoughIdle_Acquire_EvictsNothing()
    {
        var residency = Open(budget: 30, "idle", "busy", "other");
        residency.Register(Versions.Of("large"), "large", 20);
        _loader.Sizes[Versions.Of("large")] = 20;
        (await LoadAsync("idle")).Dispose();
        using var busy = await LoadAsync("busy");
        using var other = await LoadAsync("other");

        var waiting = Ask("large");
        _scheduler.RunAll();

        Assert.Empty(Evicted());
        other.Dispose();
        _scheduler.RunAll();
        Finish("large");
        Assert.Equal(AcquireOutcome.Leased, (await waiting).Outcome);
        Assert.Equal(["idle", "other"], Evicted().Order());
    }

    [Fact]
    public async Task ClientLeavesTheQueue_LeaseEnds_NothingIsEvictedForIt()
    {
        Open(budget: 10, "a", "b");
        var lease = await LoadAsync("a");
        using var client = new CancellationTokenSource();
        var waiting = Ask("b", client.Token);

        await client.CancelAsync();
        lease.Dispose();
        _scheduler.RunAll();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Empty(Evicted());
        Assert.Single(_loader.Started);
        Assert.Equal(0, _residency!.Totals.Waiters);
    }

    [Fact]
    public async Task OneOfTwoWaitersLeaves_Load_IsNotCancelled()
    {
        Open(budget: 10, "a");
        using var client = new CancellationTokenSource();
        var leaves = Ask("a", client.Token);
        var stays = Ask("a");
        _scheduler.RunAll();

        await client.CancelAsync();

        Assert.False(_loader.Pending.Single().IsCancelled);
        Finish("a");
        Assert.Equal(AcquireOutcome.Leased, (await stays).Outcome);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        Assert.Equal(1, _residency!.Find(Versions.Of("a"))!.Leases);
    }

    [Fact]
    public async Task AllWaitersLeave_Load_IsCancelledAndItsRoomIsFree()
    {
        Open(budget: 10, "a", "b");
        using var client = new CancellationTokenSource();
        var leaves = Ask("a", client.Token);
        _scheduler.RunAll();

        await client.CancelAsync();

        var load = _loader.Pending.Single();
        Assert.True(load.IsCancelled);
        load.Obey();
        _scheduler.RunAll();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        Assert.Equal(0, _residency!.Totals.ReservedBytes);
        Assert.Equal(AdapterTier.Disk, _residency.Find(Versions.Of("a"))!.Tier);
        (await LoadAsync("b")).Dispose();
    }

    [Fact]
    public async Task AllWaitersLeave_LoadEndsAnyway_IsKept()
    {
        Open(budget: 10, "a");
        using var client = new CancellationTokenSource();
        var leaves = Ask("a", client.Token);
        _scheduler.RunAll();
        await client.CancelAsync();

        Finish("a");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        Assert.Equal(AdapterTier.Ready, _residency!.Find(Versions.Of("a"))!.Tier);
    }

    [Fact]
    public async Task WaiterComesAfterACancel_CancelledLoadEnds_IsLoadedAgain()
    {
        Open(budget: 10, "a");
        using var client = new CancellationTokenSource();
        var leaves = Ask("a", client.Token);
        _scheduler.RunAll();
        await client.CancelAsync();
        var late = Ask("a");

        _loader.Pending.Single().Obey();
        _scheduler.RunAll();
        Finish("a");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        Assert.Equal(AcquireOutcome.Leased, (await late).Outcome);
        Assert.Equal(2, _loader.Started.Count);
    }

    [Fact]
    public async Task QueueForRoom_LeasesEnd_IsFirstComeFirstServed()
    {
        Open(budget: 10, "busy", "first", "second", "third");
        var lease = await LoadAsync("busy");
        string[] order = ["first", "second", "third"];
        var waiting = order.Select(name => Ask(name)).ToArray();

        foreach (var (name, answer) in order.Zip(waiting))
        {
            lease.Dispose();
            _scheduler.RunAll();
            Finish(name);
            lease = (await answer).Lease!;
        }

        Assert.Equal([.. order.Prepend("busy").Select(Versions.Of)], _loader.Started);
    }

    [Fact]
    public async Task TwoWaitersOfOneVersion_Full_ShareOneEviction()
    {
        Open(budget: 20, "a", "b", "c");
        (await LoadAsync("a")).Dispose();
        (await LoadAsync("b")).Dispose();
        var first = Ask("c");
        var second = Ask("c");
        _scheduler.RunAll();
        Finish("c");

        Assert.Equal(AcquireOutcome.Leased, (await first).Outcome);
        Assert.Equal(AcquireOutcome.Leased, (await second).Outcome);
        Assert.Equal(["a"], Evicted());
    }

    [Fact]
    public async Task LoadedForAWaiter_AnotherWantsItsRoom_WaiterIsLeasedFirst()
    {
        Open(budget: 10, "a", "b");
        var first = Ask("a");
        var second = Ask("b");
        _scheduler.RunAll();

        // The end of the first load serves the queue in the same change; the first waiter has not even run yet.
        Finish("a");

        Assert.Empty(Evicted());
        (await first).Lease!.Dispose();
        _scheduler.RunAll();
        Finish("b");
        Assert.Equal(AcquireOutcome.Leased, (await second).Outcome);
    }

    [Fact]
    public async Task FailedLoad_AllWaiters_GetTheProblem()
    {
        Open(budget: 10, "a");
        var waiting = Enumerable.Range(0, 3).Select(_ => Ask("a")).ToArray();
        _scheduler.RunAll();

        _loader.Pending.Single().Fail(new AdapterLoadException("q_proj has the wrong shape."));
        _scheduler.RunAll();

        foreach (var answer in waiting)
        {
            Assert.Equal((AcquireOutcome.Failed, "q_proj has the wrong shape."), ((await answer).Outcome, (await answer).Problem));
        }
        Assert.Equal(AdapterTier.Failed, _residency!.Find(Versions.Of("a"))!.Tier);
        Assert.Equal(0, _residency.Totals.ReservedBytes);
        Assert.Equal(ResidencyEventKind.Failed, _events.Single().Kind);
    }

    [Fact]
    public async Task FailedLoad_UseWithinThePause_IsNotTriedAgain()
    {
        Open(budget: 10, "a");
        await FailAsync("a");

        var again = await Ask("a");

        Assert.Equal(AcquireOutcome.Failed, again.Outcome);
        Assert.Equal(TimeSpan.FromSeconds(1), again.RetryAfter);
        Assert.Single(_loader.Started);
    }

    [Fact]
    public async Task FailedLoad_UseAfterThePause_IsTriedAgainAndThePauseGrows()
    {
        Open(budget: 10, "a");
        await FailAsync("a");
        _time.Advance(TimeSpan.FromSeconds(1));
        await FailAsync("a");

        Assert.Equal(TimeSpan.FromSeconds(2), (await Ask("a")).RetryAfter);
        _time.Advance(TimeSpan.FromSeconds(2));
        (await LoadAsync("a")).Dispose();
        Assert.Equal(AdapterTier.Ready, _residency!.Find(Versions.Of("a"))!.Tier);
        Assert.Null(_residency.Find(Versions.Of("a"))!.Problem);
    }

    [Fact]
    public async Task BugInTheLoader_Waiter_GetsNoDetails()
    {
        Open(budget: 10, "a");
        var waiting = Ask("a");
        _scheduler.RunAll();

        _loader.Pending.Single().Fail(new InvalidOperationException("/secret/path"));
        _scheduler.RunAll();

        Assert.DoesNotContain("secret", (await waiting).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LargerThanItsFiles_Load_MakesRoomForWhatItIs()
    {
        Open(budget: 30, "a", "b", "swollen");
        _loader.Sizes[Versions.Of("swollen")] = 25;
        (await LoadAsync("a")).Dispose();
        (await LoadAsync("b")).Dispose();

        (await LoadAsync("swollen")).Dispose();

        Assert.Equal(["a", "b"], Evicted());
        Assert.Equal(25, _residency!.Totals.ReadyBytes);
    }

    [Fact]
    public async Task LargerThanTheBudgetAfterAll_Load_HasNoRoomAndIsFreed()
    {
        Open(budget: 30, "a", "swollen");
        _loader.Sizes[Versions.Of("swollen")] = 31;
        var waiting = Ask("swollen");
        _scheduler.RunAll();
        Finish("swollen");

        Assert.Equal(AcquireOutcome.NoRoom, (await waiting).Outcome);
        Assert.Equal(0, _loader.Bytes);
        Assert.Equal(0, _residency!.Totals.ReadyBytes);
    }

    [Fact]
    public async Task Leased_Unload_GoesWithTheLastLease()
    {
        var residency = Open(budget: 10, "a");
        var lease = await LoadAsync("a");

        Assert.Equal(UnloadOutcome.WhenFree, residency.Unload(Versions.Of("a")));
        Assert.Equal(10, _loader.Bytes);
        lease.Dispose();
        _scheduler.RunAll();

        Assert.Equal(0, _loader.Bytes);
        Assert.Equal(AdapterTier.Disk, residency.Find(Versions.Of("a"))!.Tier);
        Assert.Equal(UnloadOutcome.NotLoaded, residency.Unload(Versions.Of("a")));
        (await LoadAsync("a")).Dispose();
    }

    [Fact]
    public async Task Leased_Remove_IsUnknownAtOnceAndFreeWithTheLastLease()
    {
        var residency = Open(budget: 10, "a", "b");
        var lease = await LoadAsync("a");

        residency.Remove(Versions.Of("a"));

        Assert.False(residency.TryAcquire(Versions.Of("a"), out _));
        Assert.Equal(AcquireOutcome.Unknown, (await Ask("a")).Outcome);
        Assert.Equal(10, residency.Totals.ReadyBytes);
        var waiting = Ask("b");
        _scheduler.RunAll();
        Assert.False(waiting.IsCompleted);
        lease.Dispose();
        _scheduler.RunAll();
        Finish("b");
        Assert.Equal(AcquireOutcome.Leased, (await waiting).Outcome);
        Assert.Equal([ResidencyEventKind.Loaded, ResidencyEventKind.Removed, ResidencyEventKind.Loaded], _events.Select(happened => happened.Kind));
    }

    [Fact]
    public async Task RemovedWhileLoading_Waiters_AreToldAndNothingStays()
    {
        var residency = Open(budget: 10, "a");
        var waiting = Ask("a");
        _scheduler.RunAll();

        residency.Remove(Versions.Of("a"));
        Finish("a");

        Assert.Equal(AcquireOutcome.Unknown, (await waiting).Outcome);
        Assert.Equal(0, _loader.Bytes);
        Assert.Null(residency.Find(Versions.Of("a")));
    }

    [Fact]
    public async Task RemovedWhileLoading_RegisteredAgain_IsLoadedForTheNewWaiter()
    {
        var residency = Open(budget: 10, "a");
        var first = Ask("a");
        _scheduler.RunAll();
        residency.Remove(Versions.Of("a"));
        residency.Register(Versions.Of("a"), "a", 10);
        var second = Ask("a");

        _loader.Pending.Single().Obey();
        _scheduler.RunAll();
        Finish("a");

        Assert.Equal(AcquireOutcome.Unknown, (await first).Outcome);
        Assert.Equal(AcquireOutcome.Leased, (await second).Outcome);
    }

    [Fact]
    public async Task UnknownVersion_Acquire_IsUnknown()
    {
        Open(budget: 10);

        Assert.Equal(AcquireOutcome.Unknown, (await Ask("nobody")).Outcome);
    }

    [Fact]
    public async Task FilesElsewhere_Acquire_FailsUntilTheyAreHere()
    {
        var residency = Open(budget: 10);
        residency.Register(Versions.Of("a"), null, 10);
        Assert.Equal(AdapterTier.Remote, residency.Find(Versions.Of("a"))!.Tier);
        Assert.Equal(AcquireOutcome.Failed, (await Ask("a")).Outcome);

        residency.Register(Versions.Of("a"), "a", 10);

        (await LoadAsync("a")).Dispose();
    }

    [Fact]
    public async Task TooManyWaiters_Acquire_IsBusyAtOnce()
    {
        Open(new ResidencyOptions { BudgetBytes = 10, MaxWaiters = 2 }, "a", "b");
        using var lease = await LoadAsync("a");
        _ = Ask("b");
        _ = Ask("b");

        Assert.Equal(AcquireOutcome.Busy, (await Ask("b")).Outcome);
    }

    [Fact]
    public async Task ManyLoads_RunOnlyAsManyAsAllowed()
    {
        Open(new ResidencyOptions { BudgetBytes = 100, MaxConcurrentLoads = 2 }, "a", "b", "c");
        Task<Acquisition<FakeLease>>[] waiting = [Ask("a"), Ask("b"), Ask("c")];
        _scheduler.RunAll();
        Assert.Equal(2, _loader.Pending.Count);

        Finish("a");
        Finish("b");
        Finish("c");

        Assert.All(await Task.WhenAll(waiting), answer => Assert.Equal(AcquireOutcome.Leased, answer.Outcome));
    }

    [Fact]
    public async Task ShutdownWhileLoading_Waiters_AreTold()
    {
        var residency = Open(budget: 10, "a");
        var waiting = Ask("a");
        _scheduler.RunAll();

        residency.Dispose();

        Assert.Equal(AcquireOutcome.Busy, (await waiting).Outcome);
        Finish("a");
        Assert.Equal(0, _loader.Bytes);
    }

    private AdapterResidency<FakeAdapter, FakeLease> Open(long budget, params string[] names) =>
        Open(new ResidencyOptions { BudgetBytes = budget }, names);

    private AdapterResidency<FakeAdapter, FakeLease> Open(ResidencyOptions options, params string[] names)
    {
        _residency = new(_loader, options, _time, _scheduler);
        _residency.Happened += _events.Add;
        foreach (var name in names)
        {
            _residency.Register(Versions.Of(name), name, 10);
        }
        return _residency;
    }

    private Task<Acquisition<FakeLease>> Ask(string name, CancellationToken cancellation = default) =>
        _residency!.AcquireAsync(Versions.Of(name), cancellation).AsTask();

    private async Task<FakeLease> LoadAsync(string name)
    {
        var waiting = Ask(name);
        if (!waiting.IsCompleted)
        {
            _scheduler.RunAll();
            Finish(name);
        }
        return (await waiting).Lease!;
    }

    private async Task FailAsync(string name)
    {
        var waiting = Ask(name);
        _scheduler.RunAll();
        _loader.Pending.Single().Fail(new AdapterLoadException("broken"));
        _scheduler.RunAll();
        Assert.Equal(AcquireOutcome.Failed, (await waiting).Outcome);
    }

    private void Finish(string name)
    {
        _loader.Pending.Single(load => load.Digest == Versions.Of(name)).Succeed();
        _scheduler.RunAll();
    }

    private IEnumerable<string> Evicted() => _events
        .Where(happened => happened.Kind == ResidencyEventKind.EvictedForRoom)
        .Select(happened => s_names.First(name => Versions.Of(name) == happened.Digest));

    private static readonly string[] s_names = ["a", "b", "c", "busy", "idle", "new", "newer", "low", "normal", "high", "other", "large", "pinned"];
}
