using Patchbay.Control.Journal;
using Patchbay.Control.Versions;

namespace Patchbay.Control.Tests.Journal;

public sealed class PostgresJournalTests(PostgresServer server) : JournalContract, IClassFixture<PostgresServer>
{
    private protected override async Task<IJournal> OpenAsync() => await PostgresJournal.OpenAsync(await server.CreateDatabaseAsync(), default);

    [Fact]
    public async Task TwoNodes_Commit_OneChainAndEveryChange()
    {
        var database = await server.CreateDatabaseAsync();
        using var folder = new TemporaryFolder();
        var store = VersionStore.Open(folder.Root);
        await using var first = await PlaneAsync(database, store);
        await using var second = await PlaneAsync(database, store);
        var digest = await StoredAdapter.StageAsync(store, folder, "one");
        var version = new RegisteredVersion(digest, 1, Now, "alice");
        await Task.WhenAll(new[] { first, second }.Select((plane, node) => Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                var result = await plane.UploadAsync(new UploadCommand($"a{node}-{i}", version), new CommandOrigin($"node{node}"), default);
                Assert.Equal(CommandOutcome.Applied, result.Outcome);
            }
        })));
        await first.RefreshAsync(default);
        await second.RefreshAsync(default);
        Assert.Equal(40, first.Snapshot.Adapters.Count);
        Assert.Equal(40, second.Snapshot.Aliases.Count);
        Assert.Equal(first.Snapshot.Revision, second.Snapshot.Revision);
        Assert.Equal(40, (await AuditVerifier.VerifyAsync(first.Journal.ReadLinesAsync(0, default))).Entries);
        Assert.False(await first.RefreshAsync(default));
    }

    [Fact]
    public async Task TwoNodes_CompareAndSet_OneWins()
    {
        var database = await server.CreateDatabaseAsync();
        using var folder = new TemporaryFolder();
        var store = VersionStore.Open(folder.Root);
        await using var first = await PlaneAsync(database, store);
        await using var second = await PlaneAsync(database, store);
        var one = new RegisteredVersion(await StoredAdapter.StageAsync(store, folder, "one"), 1, Now, "alice");
        var two = new RegisteredVersion(await StoredAdapter.StageAsync(store, folder, "two"), 1, Now, "alice");
        await first.UploadAsync(new UploadCommand("medical", one), new CommandOrigin("a"), default);

        var lost = await second.UploadAsync(new UploadCommand("medical", two) { ExpectedGeneration = 0 }, new CommandOrigin("b"), default);
        Assert.Equal(CommandOutcome.GenerationMismatch, lost.Outcome);
        Assert.Equal("'medical' is at generation 1; expected 0.", lost.Problem);
        var won = await second.UploadAsync(new UploadCommand("medical", two) { ExpectedGeneration = 1 }, new CommandOrigin("b"), default);
        Assert.Equal(CommandOutcome.Applied, won.Outcome);
        Assert.True(await first.RefreshAsync(default));
        Assert.True(first.Snapshot.Aliases.TryGet("medical", out var alias));
        Assert.Equal(two.Digest, alias.Digest);
    }

    [Fact]
    public async Task NothingThere_Open_IsRefusedWithoutTheConnectionString()
    {
        var refusal = await Assert.ThrowsAsync<JournalException>(() => PostgresJournal.OpenAsync("Host=/nonexistent;Username=u;Password=secret", default));
        Assert.DoesNotContain("secret", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("nonexistent", refusal.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<JournalException>(() => PostgresJournal.OpenAsync("Hust=1", default));
    }

    private static async Task<ControlPlane> PlaneAsync(string database, VersionStore store) => await ControlPlane.LoadAsync(
        await PostgresJournal.OpenAsync(database, default), store, new ControlPlaneOptions(), TimeProvider.System, default);
}
