namespace Patchbay.Control.Tests;

public sealed class AliasTableSoakTests
{
    [Fact]
    public async Task ManyWriters_CompareAndSet_ExactlyOneWinsEachGeneration()
    {
        const int writers = 8, changes = 500;
        var table = new AliasTable();
        table.Set("medical", Versions.Of("start"));
        var wins = 0;
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(() =>
        {
            for (var i = 0; i < changes; i++)
            {
                Assert.True(table.Snapshot.TryGet("medical", out var seen));
                var change = table.Set("medical", Versions.Of($"{writer}/{i}"), seen.Generation);
                Interlocked.Add(ref wins, change.Outcome == AliasChangeOutcome.Applied ? 1 : 0);
            }
        })));
        Assert.True(table.Snapshot.TryGet("medical", out var last));
        Assert.Equal(wins + 1, last.Generation);
    }

    [Fact]
    public async Task ReadersDuringSwitches_Snapshot_IsAlwaysConsistent()
    {
        var table = new AliasTable();
        table.Set("a", Versions.Of("a"));
        table.Set("b", Versions.Of("b"));
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            long revision = 0, generation = 0;
            while (!stop.IsCancellationRequested)
            {
                var snapshot = table.Snapshot;
                Assert.True(snapshot.Revision >= revision && snapshot.Default.Generation >= generation);
                (revision, generation) = (snapshot.Revision, snapshot.Default.Generation);
                if (snapshot.Default.Target is { } target)
                {
                    Assert.True(snapshot.TryGet(target.Name, out var alias));
                    Assert.Same(alias, target);
                }
            }
        })).ToArray();
        for (var i = 0; i < 5_000; i++)
        {
            table.SetDefault(i % 3 == 0 ? null : i % 2 == 0 ? "a" : "b");
            table.Set("a", Versions.Of("a" + i % 7));
        }
        await stop.CancelAsync();
        await Task.WhenAll(readers);
    }
}
