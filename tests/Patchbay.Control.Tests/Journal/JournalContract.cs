using Patchbay.Control.Journal;

namespace Patchbay.Control.Tests.Journal;

/// <summary>What every journal does, whatever it is kept in.</summary>
public abstract class JournalContract
{
    private protected static readonly DateTimeOffset Now = new(2026, 11, 24, 15, 0, 0, 123, TimeSpan.Zero);

    private protected abstract Task<IJournal> OpenAsync();

    private protected static AuditRecord Record(string action = "adapter.release", string target = "medical", string actor = "alice") =>
        new(Now, actor, action, target) { Reason = "because \"x\"\n\u2028é", To = Versions.Of("a"), Details = """{ "b": 1.50, "a": [true, null] }""" };

    [Fact]
    public async Task NewJournal_Load_IsEmpty()
    {
        await using var journal = await OpenAsync();
        var state = await journal.LoadAsync(default);
        Assert.Empty(state.Documents);
        Assert.Equal(0, state.Revision);
        Assert.Null(state.Head);
    }

    [Fact]
    public async Task Commit_Load_GivesDocumentsAndHead()
    {
        await using var journal = await OpenAsync();
        await journal.CommitAsync([new DocumentChange("alias", "medical", "{\"a\":1}"), new DocumentChange("route", "x", "[]")], Record(), 0, default);
        var last = await journal.CommitAsync([new DocumentChange("alias", "medical", "{\"a\":2}"), new DocumentChange("route", "x", null)], Record(), 1, default);

        var state = await journal.LoadAsync(default);
        Assert.Equal([new Document("alias", "medical", "{\"a\":2}")], state.Documents);
        Assert.Equal(2, state.Revision);
        Assert.Equal(last.Line, state.Head!.Line);
        Assert.Equal(2, await journal.ReadRevisionAsync(default));
    }

    [Fact]
    public async Task RecordAlone_Commit_LeavesTheRevision()
    {
        await using var journal = await OpenAsync();
        await journal.CommitAsync([new DocumentChange("alias", "a", "1")], Record(), null, default);
        await journal.CommitAsync([], Record("adapter.load"), null, default);
        var state = await journal.LoadAsync(default);
        Assert.Equal((1, 2), (state.Revision, state.Head!.Sequence));
        await journal.CommitAsync([new DocumentChange("alias", "a", "2")], Record(), 1, default);
        Assert.Equal(3, await journal.ReadRevisionAsync(default));
    }

    [Fact]
    public async Task OlderRevision_Commit_WritesNothing()
    {
        await using var journal = await OpenAsync();
        await journal.CommitAsync([new DocumentChange("alias", "a", "1")], Record(), 0, default);
        await Assert.ThrowsAsync<JournalConflictException>(() => journal.CommitAsync([new DocumentChange("alias", "a", "2")], Record(), 0, default));
        var state = await journal.LoadAsync(default);
        Assert.Equal("1", Assert.Single(state.Documents).Json);
        Assert.Equal(1, state.Head!.Sequence);
    }

    [Fact]
    public async Task BadDetails_Commit_WritesNothing()
    {
        await using var journal = await OpenAsync();
        foreach (var details in new[] { "[1]", "{", "", "{\"a\":1e999}" })
        {
            await Assert.ThrowsAsync<ArgumentException>(
                () => journal.CommitAsync([new DocumentChange("alias", "a", "1")], Record() with { Details = details }, null, default));
        }
        Assert.Empty((await journal.LoadAsync(default)).Documents);
        Assert.Equal(1, (await journal.CommitAsync([], Record(), null, default)).Sequence);
    }

    [Fact]
    public async Task AnyText_CommitAndRead_ComesBackInAValidChain()
    {
        await using var journal = await OpenAsync();
        var texts = new[] { "", "\0", "\u0001\u001f\u007f", "\ud800", "😀", "'; DROP TABLE patchbay_audit; --", "\ufffd", new string('x', 5000) };
        foreach (var text in texts)
        {
            await journal.CommitAsync([], Record(target: text, actor: text) with { Reason = text, RequestId = text }, null, default);
        }
        var found = await AuditVerifier.VerifyAsync(journal.ReadLinesAsync(0, default));
        Assert.Null(found.Problem);
        Assert.Equal(texts.Length, found.Entries);
        var page = await journal.FindAsync(new AuditQuery { Actor = "😀" }, default);
        Assert.Equal("😀", Assert.Single(page.Entries).Record.Reason);
    }

    [Fact]
    public async Task Entries_Find_FiltersAndPages()
    {
        await using var journal = await OpenAsync();
        for (var i = 1; i <= 10; i++)
        {
            await journal.CommitAsync([], Record(i % 2 == 0 ? "adapter.pin" : "adapter.release", i < 6 ? "a" : "b", i == 3 ? "bob" : "alice"), null, default);
        }
        var first = await journal.FindAsync(new AuditQuery { Limit = 3 }, default);
        Assert.Equal([10, 9, 8], first.Entries.Select(entry => entry.Sequence));
        Assert.True(first.HasMore);
        var last = await journal.FindAsync(new AuditQuery { Limit = 3, Before = 4 }, default);
        Assert.Equal([3, 2, 1], last.Entries.Select(entry => entry.Sequence));
        Assert.False(last.HasMore);
        var filtered = await journal.FindAsync(new AuditQuery { Target = "a", Action = "adapter.release", Actor = "bob" }, default);
        Assert.Equal(3, Assert.Single(filtered.Entries).Sequence);
        Assert.Equal(Versions.Of("a"), filtered.Entries[0].Record.To);
        Assert.Equal("""{"a":[true,null],"b":1.5}""", filtered.Entries[0].Record.Details);
    }

    [Fact]
    public async Task ManyWriters_Commit_OneChain()
    {
        await using var journal = await OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 25; i++)
            {
                await journal.CommitAsync([new DocumentChange("setting", $"{writer}", $"{i}")], Record(), null, default);
            }
        })));
        var found = await AuditVerifier.VerifyAsync(journal.ReadLinesAsync(0, default));
        Assert.True(found.IsValid);
        Assert.Equal(200, found.Entries);
        Assert.All((await journal.LoadAsync(default)).Documents, document => Assert.Equal("24", document.Json));
    }
}
