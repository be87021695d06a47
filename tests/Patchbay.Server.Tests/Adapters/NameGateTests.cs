using Patchbay.Server.Adapters;

namespace Patchbay.Server.Tests.Adapters;

public sealed class NameGateTests
{
    [Fact]
    public async Task SameName_EnterAsync_WaitsForTheFirst()
    {
        var gate = new NameGate();
        var first = await gate.EnterAsync("a", CancellationToken.None);
        var second = gate.EnterAsync("a", CancellationToken.None);
        Assert.False(second.IsCompleted);
        using (await gate.EnterAsync("b", CancellationToken.None))
        {
            Assert.False(second.IsCompleted);
        }
        first.Dispose();
        first.Dispose();
        using (await second)
        {
        }
    }

    [Fact]
    public async Task WaiterThatGivesUp_EnterAsync_LeavesTheGateInOrder()
    {
        var gate = new NameGate();
        using var patience = new CancellationTokenSource();
        var first = await gate.EnterAsync("a", CancellationToken.None);
        var second = gate.EnterAsync("a", patience.Token);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        first.Dispose();
        using (await gate.EnterAsync("a", CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(5)))
        {
        }
    }

    [Fact]
    public async Task ManyUsers_EnterAsync_NeverMeet()
    {
        var gate = new NameGate();
        var inside = 0;
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(async () =>
        {
            using (await gate.EnterAsync("a", CancellationToken.None))
            {
                Assert.Equal(1, Interlocked.Increment(ref inside));
                await Task.Yield();
                Interlocked.Decrement(ref inside);
            }
        })));
    }
}
