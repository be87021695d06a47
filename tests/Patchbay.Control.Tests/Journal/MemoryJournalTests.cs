using Patchbay.Control.Journal;

namespace Patchbay.Control.Tests.Journal;

public sealed class MemoryJournalTests : JournalContract
{
    private protected override Task<IJournal> OpenAsync() => Task.FromResult<IJournal>(new MemoryJournal());

    [Fact]
    public async Task MoreThanItKeeps_Commit_DropsTheOldestAndTheRestVerifies()
    {
        await using var journal = new MemoryJournal(mostEntries: 20);
        for (var i = 1; i <= 45; i++)
        {
            await journal.CommitAsync([new DocumentChange("alias", "a", $"{i}")], Record(), i - 1, default);
        }
        Assert.InRange(await journal.ReadLinesAsync(0, default).CountAsync(), 18, 20);
        Assert.Equal(45, (await journal.LoadAsync(default)).Head!.Sequence);
        Assert.Equal("45", Assert.Single((await journal.LoadAsync(default)).Documents).Json);

        var found = await AuditVerifier.VerifyAsync(journal, default);
        Assert.Null(found.Problem);
        Assert.Equal(45 - journal.Start!.Sequence, found.Entries);
        Assert.False((await AuditVerifier.VerifyAsync(journal.ReadLinesAsync(0, default))).IsValid);
        var foreign = new AuditVerifier(start: journal.Start with { Hash = AuditEntry.NoPrevious });
        Assert.False(foreign.Accept(await journal.ReadLinesAsync(0, default).FirstAsync()));

        var oldest = (await journal.FindAsync(new AuditQuery { Before = journal.Start.Sequence + 2 }, default)).Entries;
        Assert.Equal(journal.Start.Sequence + 1, Assert.Single(oldest).Sequence);
    }

    [Fact]
    public async Task SlowReader_WhileEntriesAreDropped_SeesEveryNumberAtMostOnce()
    {
        await using var journal = new MemoryJournal(mostEntries: 10);
        for (var i = 0; i < 10; i++)
        {
            await journal.CommitAsync([], Record(), null, default);
        }
        var seen = new List<long>();
        await foreach (var line in journal.ReadLinesAsync(0, default))
        {
            seen.Add(AuditEntry.Parse(line).Sequence);
            if (seen.Count <= 30)
            {
                await journal.CommitAsync([], Record(), null, default);
                await journal.CommitAsync([], Record(), null, default);
            }
        }
        Assert.Equal(seen.Distinct().Order(), seen);
        Assert.Equal(70, seen[^1]);
    }
}
