using Patchbay.Engine.Scheduling;

namespace Patchbay.Engine.Tests.Scheduling;

public sealed class RequestGateTests
{
    [Fact]
    public void PlacesAreBounded_AndEndOnce()
    {
        var gate = new RequestGate(2, 0, TimeProvider.System);
        var first = gate.TryEnter(1)![0];
        var second = gate.TryEnter(1)![0];
        Assert.Null(gate.TryEnter(1));
        first.Dispose();
        first.Dispose();
        second.Admit();
        second.Dispose();
        Assert.Equal(0, gate.WaitingCount);
        Assert.NotNull(gate.TryEnter(1));
    }

    [Fact]
    public void SeveralPlaces_AreTakenTogetherOrNotAtAll()
    {
        var gate = new RequestGate(5, 0, TimeProvider.System);
        var three = gate.TryEnter(3)!;
        Assert.Equal(3, three.Length);
        Assert.Null(gate.TryEnter(3));
        Assert.Equal(3, gate.WaitingCount);
        Assert.NotNull(gate.TryEnter(2));
        Array.ForEach(three, slot => slot.Dispose());
        Assert.Equal(2, gate.WaitingCount);
        Assert.Null(gate.TryEnter(int.MaxValue));
    }

    [Fact]
    public async Task ManyThreads_NeverHoldMoreThanThereAre()
    {
        var gate = new RequestGate(5, 3, TimeProvider.System);
        var (held, most, entered) = (0, 0, 0);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                if (gate.TryEnter(1) is not [var slot])
                {
                    continue;
                }

                var now = Interlocked.Increment(ref held);
                Interlocked.Increment(ref entered);
                InterlockedMax(ref most, now);
                _ = gate.TryAssign(slot, $"{i % 3}");
                Interlocked.Decrement(ref held);
                slot.Dispose();
            }
        })));
        Assert.InRange(most, 1, 5);
        Assert.True(entered > 0);
        Assert.Equal(0, gate.WaitingCount);
        foreach (var adapter in new[] { "0", "1", "2" })
        {
            for (var i = 0; i < 3; i++)
            {
                Assert.True(gate.TryAssign(new QueueSlot(gate), adapter));
            }

            Assert.False(gate.TryAssign(new QueueSlot(gate), adapter));
        }
    }

    [Fact]
    public void RetryAfter_FollowsTheMeasuredRate()
    {
        var time = new ManualTime();
        var gate = new RequestGate(1000, 0, time);
        Assert.Equal(TimeSpan.FromSeconds(1), gate.RetryAfter());
        for (var i = 0; i < 40; i++)
        {
            var slot = gate.TryEnter(1)![0];
            time.Pass(TimeSpan.FromMilliseconds(500));
            slot.Admit();
        }

        for (var i = 0; i < 64; i++)
        {
            Assert.NotNull(gate.TryEnter(1));
        }

        // Two a second: half of 64 begin within 16 seconds.
        Assert.Equal(16, gate.RetryAfter().TotalSeconds, 1.0);
        time.Pass(TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.FromSeconds(60), gate.RetryAfter());
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
        {
            Interlocked.CompareExchange(ref target, value, seen);
        }
    }

    private sealed class ManualTime : TimeProvider
    {
        private TimeSpan _now = TimeSpan.FromDays(1);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now.Ticks;

        public void Pass(TimeSpan span) => _now += span;
    }
}
