using Microsoft.Data.Sqlite;
using Patchbay.Control.Journal;

namespace Patchbay.Control.Tests.Journal;

public sealed class SqliteJournalTests : JournalContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private protected override async Task<IJournal> OpenAsync() => await SqliteJournal.OpenAsync(_folder["control.db"], default);

    [Fact]
    public async Task Closed_OpenAgain_GoesOnWithTheChain()
    {
        await using (var journal = await OpenAsync())
        {
            await journal.CommitAsync([new DocumentChange("alias", "a", "1")], Record(), 0, default);
        }
        await using (var journal = await OpenAsync())
        {
            Assert.Equal(1, await journal.ReadRevisionAsync(default));
            Assert.Equal(2, (await journal.CommitAsync([], Record(), null, default)).Sequence);
            Assert.True((await AuditVerifier.VerifyAsync(journal.ReadLinesAsync(0, default))).IsValid);
        }
    }

    [Fact]
    public async Task WhileWritten_OpenReadOnly_SeesWhatIsCommitted()
    {
        await using var journal = await OpenAsync();
        await journal.CommitAsync([], Record(), null, default);
        await using var reader = await SqliteJournal.OpenReadOnlyAsync(_folder["control.db"], default);
        await journal.CommitAsync([], Record(), null, default);
        Assert.Equal(2, (await AuditVerifier.VerifyAsync(reader.ReadLinesAsync(0, default))).Entries);
        await Assert.ThrowsAsync<JournalException>(() => reader.CommitAsync([], Record(), null, default));
    }

    [Fact]
    public async Task NoDatabase_Open_IsRefusedWithoutAPath()
    {
        await File.WriteAllTextAsync(_folder["control.db"], new string('x', 5000));
        var refusal = await Assert.ThrowsAsync<JournalException>(OpenAsync);
        Assert.DoesNotContain(_folder.Root, refusal.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<JournalException>(() => SqliteJournal.OpenReadOnlyAsync(_folder["nothing.db"], default));
        Assert.False(File.Exists(_folder["nothing.db"]));
    }

    [Fact]
    public async Task FormatOfALaterProgram_Open_IsRefused()
    {
        await using (await OpenAsync())
        {
        }
        Execute("INSERT INTO patchbay_migration (number) VALUES (9)");
        Assert.Contains("format 9", (await Assert.ThrowsAsync<JournalException>(OpenAsync)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UPDATE patchbay_audit SET line = replace(line, 'alice', 'alicf') WHERE seq = 5", 5)]
    [InlineData("DELETE FROM patchbay_audit WHERE seq = 5", 5)]
    [InlineData("DELETE FROM patchbay_audit WHERE seq = 1", 1)]
    [InlineData("DELETE FROM patchbay_audit WHERE seq > 7", 8)]
    [InlineData("DELETE FROM patchbay_audit", 1)]
    [InlineData("UPDATE patchbay_audit SET seq = 100 WHERE seq = 5", 5)]
    [InlineData("UPDATE patchbay_audit SET line = '\"x\"' WHERE seq = 2", 2)]
    public async Task ChangedByHand_Verify_FindsThePlace(string statement, long place)
    {
        AuditAnchor anchor;
        await using (var journal = await OpenAsync())
        {
            AuditEntry? last = null;
            for (var i = 0; i < 10; i++)
            {
                last = await journal.CommitAsync([], Record(), null, default);
            }
            anchor = new AuditAnchor(last!.Sequence, last.Hash);
            Assert.True((await AuditVerifier.VerifyAsync(journal.ReadLinesAsync(0, default), anchor, anchor.Hash)).IsValid);
        }
        Execute(statement);
        await using var reader = await SqliteJournal.OpenReadOnlyAsync(_folder["control.db"], default);
        var found = await AuditVerifier.VerifyAsync(reader.ReadLinesAsync(0, default), anchor);
        Assert.False(found.IsValid);
        Assert.Equal(place, found.AtSequence);
    }

    private void Execute(string statement)
    {
        using var connection = new SqliteConnection($"Data Source={_folder["control.db"]};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        Assert.True(command.ExecuteNonQuery() > 0);
    }
}
