using Patchbay.Control.Journal;
using Patchbay.Control.Versions;

namespace Patchbay.Control.Tests;

public sealed class ControlPlaneTests : IAsyncLifetime
{
    private static readonly CommandOrigin Alice = new("alice", "because", "req-1");

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly MemoryJournal _journal = new();
    private readonly HashSet<VersionDigest> _leased = [];
    private VersionStore _store = null!;
    private ControlPlane _plane = null!;

    public async ValueTask InitializeAsync()
    {
        _store = VersionStore.Open(_folder["store"]);
        _plane = await LoadAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _plane.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task NewVersion_Upload_AnswersAndIsAudited()
    {
        var result = await UploadAsync("medical", "one");
        Assert.Equal(CommandOutcome.Applied, result.Outcome);
        Assert.Equal(1, Alias("medical").Generation);
        Assert.Same(_plane.Snapshot, result.After);
        Assert.Equal(1, result.After.Revision);
        var record = result.Entry!.Record;
        Assert.Equal(("alice", "adapter.upload", "medical", "because", "req-1"), (record.Actor, record.Action, record.Target, record.Reason, record.RequestId));
        Assert.Equal(Alias("medical").Digest, record.To);
        Assert.Equal("""{"generation":1,"is_new":true,"released":true}""", record.Details);
        Assert.Equal(_time.GetUtcNow(), record.Time);
    }

    [Fact]
    public async Task WithoutRelease_Upload_RegistersOnly()
    {
        await UploadAsync("medical", "one");
        var result = await UploadAsync("medical", "two", release: false);
        Assert.Equal(1, Alias("medical").Generation);
        Assert.Equal(2, _plane.Snapshot.Adapters["medical"].Versions.Length);
        Assert.Null(result.Entry!.Record.From);
        await UploadAsync("fresh", "one", release: false);
        Assert.False(_plane.Snapshot.Aliases.TryGet("fresh", out _));
        Assert.Equal(CommandOutcome.Applied, (await _plane.ReleaseAsync(new ReleaseCommand("fresh", Digest("fresh", 0)) { ExpectedGeneration = 0 }, Alice, default)).Outcome);
    }

    [Fact]
    public async Task SameVersion_UploadAgain_WritesNothing()
    {
        await UploadAsync("medical", "one");
        var again = await UploadAsync("medical", "one");
        Assert.Equal(CommandOutcome.Unchanged, again.Outcome);
        Assert.Null(again.Entry);
        Assert.Equal(1, (await _journal.LoadAsync(default)).Head!.Sequence);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("base")]
    [InlineData("")]
    [InlineData("a/b")]
    public async Task BadName_Upload_IsInvalid(string name)
    {
        var result = await UploadAsync(name, "one");
        Assert.Equal(CommandOutcome.Invalid, result.Outcome);
        Assert.Same(result.Before, result.After);
    }

    [Fact]
    public async Task NotStored_Upload_IsRefused()
    {
        var version = new RegisteredVersion(Versions.Of("nowhere"), 1, _time.GetUtcNow(), "alice");
        Assert.Equal(CommandOutcome.NotStored, (await _plane.UploadAsync(new UploadCommand("medical", version), Alice, default)).Outcome);
    }

    [Fact]
    public async Task StaleGeneration_AnyCommand_ChangesNothing()
    {
        await UploadAsync("medical", "one");
        await UploadAsync("medical", "two");
        var before = _plane.Snapshot;
        var results = new[]
        {
            await UploadAsync("medical", "three", expected: 1),
            await UploadAsync("medical", "three", expected: 0),
            await _plane.ReleaseAsync(new ReleaseCommand("medical", Digest("medical", 0)) { ExpectedGeneration = 1 }, Alice, default),
            await _plane.RollbackAsync("medical", null, 1, Alice, default),
            await _plane.RemoveAsync("medical", 3, Alice, default),
            await _plane.SwitchDefaultAsync("medical", 2, Alice, default),
        };
        Assert.All(results, result => Assert.Equal(CommandOutcome.GenerationMismatch, result.Outcome));
        Assert.Equal("'medical' is at generation 2; expected 1.", results[0].Problem);
        Assert.Same(before, _plane.Snapshot);
    }

    [Fact]
    public async Task ThreeReleases_RollBackTwice_GoesFurtherBackAndThenNoFurther()
    {
        foreach (var content in new[] { "one", "two", "three" })
        {
            await UploadAsync("medical", content);
        }
        var result = await _plane.RollbackAsync("medical", null, 3, Alice, default);
        Assert.Equal(Digest("medical", 1), Alias("medical").Digest);
        Assert.Equal("adapter.rollback", result.Entry!.Record.Action);
        Assert.Equal(Digest("medical", 2), result.Entry.Record.From);
        await _plane.RollbackAsync("medical", null, null, Alice, default);
        Assert.Equal(Digest("medical", 0), Alias("medical").Digest);
        Assert.Equal(5, Alias("medical").Generation);
        Assert.Equal(CommandOutcome.NothingBefore, (await _plane.RollbackAsync("medical", null, null, Alice, default)).Outcome);
        Assert.Equal(CommandOutcome.Applied, (await _plane.RollbackAsync("medical", Digest("medical", 2), null, Alice, default)).Outcome);
        Assert.Equal(Digest("medical", 2), Alias("medical").Digest);
        Assert.Equal(CommandOutcome.NoSuchVersion, (await _plane.RollbackAsync("medical", Versions.Of("x"), null, Alice, default)).Outcome);
        Assert.Equal(CommandOutcome.NoSuchAdapter, (await _plane.RollbackAsync("nobody", null, null, Alice, default)).Outcome);
    }

    [Fact]
    public async Task MoreThanKept_Upload_TakesTheOldestWithTheirFiles()
    {
        for (var i = 0; i < 5; i++)
        {
            await UploadAsync("medical", $"v{i}");
        }
        var digests = _plane.Snapshot.Adapters["medical"].Versions.Select(version => version.Digest).ToArray();
        _leased.Add(digests[0]);
        await EditAsync(new DocumentEdit(DocumentKind.Route, "medical", "{}") { References = [digests[1]] });
        var sixth = await UploadAsync("medical", "v5");
        Assert.Equal([digests[2]], sixth.Removed);
        Assert.Contains(digests[2].ToString(), sixth.Entry!.Record.Details!, StringComparison.Ordinal);
        Assert.False(_store.Contains(digests[2]));
        Assert.Equal(5, _plane.Snapshot.Adapters["medical"].Versions.Length);

        _leased.Clear();
        await UploadAsync("other", "v3");
        var seventh = await UploadAsync("medical", "v6");
        Assert.Equal([digests[0]], seventh.Removed);
        var eighth = await UploadAsync("medical", "v7", release: false);
        Assert.Empty(eighth.Removed); // 'other' needs the files of v3
        Assert.True(_store.Contains(digests[3]));
        Assert.True(_plane.Snapshot.Adapters["medical"].TryGet(digests[1], out _));
    }

    [Fact]
    public async Task VersionInUse_Remove_IsRefused()
    {
        await UploadAsync("medical", "one");
        await UploadAsync("medical", "two");
        var (one, two) = (Digest("medical", 0), Digest("medical", 1));
        Assert.Contains("answers", (await RefusedAsync(_plane.RemoveVersionAsync("medical", two, Alice, default))).Problem!, StringComparison.Ordinal);
        _leased.Add(one);
        Assert.Contains("running", (await RefusedAsync(_plane.RemoveVersionAsync("medical", one, Alice, default))).Problem!, StringComparison.Ordinal);
        _leased.Clear();
        await EditAsync(new DocumentEdit(DocumentKind.Release, "rel-1", "{}") { References = [one] });
        Assert.Contains("release 'rel-1'", (await RefusedAsync(_plane.RemoveVersionAsync("medical", one, Alice, default))).Problem!, StringComparison.Ordinal);
        Assert.Contains("release 'rel-1'", (await RefusedAsync(_plane.RemoveAsync("medical", null, Alice, default))).Problem!, StringComparison.Ordinal);
        await EditAsync(new DocumentEdit(DocumentKind.Release, "rel-1", "{}"));
        Assert.Equal(CommandOutcome.Applied, (await _plane.RemoveVersionAsync("medical", one, Alice, default)).Outcome);
        Assert.False(_store.Contains(one));
        Assert.Equal(CommandOutcome.NothingBefore, (await _plane.RollbackAsync("medical", null, null, Alice, default)).Outcome);
    }

    [Fact]
    public async Task RemovedAndMadeAgain_Upload_NeverRepeatsAGeneration()
    {
        await UploadAsync("medical", "one");
        await UploadAsync("medical", "two");
        await _plane.SwitchDefaultAsync("medical", null, Alice, default);
        Assert.Equal(CommandOutcome.AnswersDefault, (await _plane.RemoveAsync("medical", null, Alice, default)).Outcome);
        await _plane.SwitchDefaultAsync(null, null, Alice, default);
        Assert.Equal(2, (await _plane.RemoveAsync("medical", 2, Alice, default)).Removed.Count);
        Assert.Empty(_store.Versions);
        await ReloadAsync();
        await UploadAsync("medical", "one");
        Assert.Equal(3, Alias("medical").Generation);
    }

    [Fact]
    public async Task Everything_LoadAgain_IsExactlyTheSame()
    {
        await UploadAsync("medical", "one");
        await UploadAsync("medical", "two");
        await UploadAsync("law 😀", "three", release: false);
        await _plane.PinAsync("medical", true, Alice, default);
        await _plane.PrioritizeAsync("medical", AdapterPriority.Critical, Alice, default);
        await _plane.SwitchDefaultAsync("medical", null, Alice, default);
        await EditAsync(new DocumentEdit(DocumentKind.Route, "medical", " { \"kind\" : \"fixed\", \"é\": 1.50 } ") { References = [Digest("medical", 0)] });
        await EditAsync(new DocumentEdit(DocumentKind.Setting, "gone", "1"));
        await EditAsync(new DocumentEdit(DocumentKind.Setting, "gone", null));
        await _plane.RecordAsync(new AuditRecord(_time.GetUtcNow(), "local", "answer.replay", "x"), default);
        var before = _plane.Snapshot;

        await ReloadAsync();
        var after = _plane.Snapshot;
        Assert.Empty(Fingerprint.Differences(before, after));
        Assert.Equal("""{ "kind" : "fixed", "é": 1.50 }""", after.Documents[(DocumentKind.Route, "medical")].Json);
        Assert.Equal(new VersionProbe(ProbeOutcome.Passed, 3, "fine"), after.Adapters["medical"].Versions[0].Probe);
        Assert.True(after.Adapters["medical"].IsPinned);
        Assert.Equal(2, after.Aliases.Default.Generation);
        Assert.Equal(2, (await EditAsync(new DocumentEdit(DocumentKind.Setting, "gone", "1") { ExpectedRevision = 0 })).After.Documents[(DocumentKind.Setting, "gone")].Revision);
    }

    [Fact]
    public async Task ReleaseWithDocuments_Release_IsOneStep()
    {
        await UploadAsync("medical", "one");
        await UploadAsync("medical", "two", release: false);
        var two = Digest("medical", 1);
        var stale = new ReleaseCommand("medical", two) { Documents = [new DocumentEdit(DocumentKind.Release, "rel-1", "{}") { ExpectedRevision = 9 }] };
        Assert.Equal(CommandOutcome.GenerationMismatch, (await _plane.ReleaseAsync(stale, Alice, default)).Outcome);
        Assert.Equal(1, Alias("medical").Generation);
        var promote = new ReleaseCommand("medical", two) { Action = "release.promote", Documents = [new DocumentEdit(DocumentKind.Release, "rel-1", "{}")] };
        var result = await _plane.ReleaseAsync(promote, Alice, default);
        Assert.Equal("release.promote", result.Entry!.Record.Action);
        Assert.Equal(two, Alias("medical").Digest);
        Assert.Equal(1, result.After.Documents[(DocumentKind.Release, "rel-1")].Revision);
        Assert.Equal(result.Before.Revision + 1, result.After.Revision);
    }

    [Theory]
    [InlineData("route", "x", "{", CommandOutcome.Invalid)]
    [InlineData("alias", "x", "{}", CommandOutcome.Invalid)]
    [InlineData("route", "", "{}", CommandOutcome.Invalid)]
    [InlineData("route", "x\0", "{}", CommandOutcome.Invalid)]
    [InlineData("route", "x", null, CommandOutcome.NoSuchDocument)]
    public async Task BadDocument_Edit_IsRefused(string kind, string key, string? json, CommandOutcome outcome) =>
        Assert.Equal(outcome, (await EditAsync(new DocumentEdit(kind, key, json))).Outcome);

    [Fact]
    public async Task HalfASurrogatePair_Edit_IsRefused()
    {
        Assert.Equal(CommandOutcome.Invalid, (await EditAsync(new DocumentEdit(DocumentKind.Route, "x", "\"\ud800\""))).Outcome);
        Assert.Equal(CommandOutcome.Invalid, (await EditAsync(new DocumentEdit(DocumentKind.Route, "\ud800", "{}"))).Outcome);
    }

    [Fact]
    public async Task UnregisteredReference_Edit_IsRefused() =>
        Assert.Equal(CommandOutcome.NoSuchVersion, (await EditAsync(new DocumentEdit(DocumentKind.Route, "x", "{}") { References = [Versions.Of("x")] })).Outcome);

    [Fact]
    public async Task JournalFails_AnyCommand_LeavesTheStateAndRecovers()
    {
        await UploadAsync("medical", "one");
        var failing = new FailingJournal(_journal);
        await using var plane = await ControlPlane.LoadAsync(failing, _store, new ControlPlaneOptions(), _time, default);
        failing.FailBefore = true;
        await Assert.ThrowsAsync<JournalException>(() => plane.PinAsync("medical", true, Alice, default));
        Assert.False(plane.Snapshot.Adapters["medical"].IsPinned);

        // It was written, and the answer got lost: the next command sees it.
        (failing.FailBefore, failing.FailAfter) = (false, true);
        await Assert.ThrowsAsync<JournalException>(() => plane.PinAsync("medical", true, Alice, default));
        failing.FailAfter = false;
        Assert.Equal(CommandOutcome.Unchanged, (await plane.PinAsync("medical", true, Alice, default)).Outcome);
        Assert.True(plane.Snapshot.Adapters["medical"].IsPinned);
        Assert.Equal(2, plane.Snapshot.Revision);
    }

    [Fact]
    public async Task ManyWriters_CompareAndSet_ExactlyOneWinsEachGeneration()
    {
        await UploadAsync("medical", "one");
        await UploadAsync("medical", "two");
        var digests = new[] { Digest("medical", 0), Digest("medical", 1) };
        var wins = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                var seen = Alias("medical");
                var target = seen.Digest == digests[0] ? digests[1] : digests[0];
                var result = await _plane.ReleaseAsync(new ReleaseCommand("medical", target) { ExpectedGeneration = seen.Generation }, Alice, default);
                Interlocked.Add(ref wins, result.Outcome == CommandOutcome.Applied ? 1 : 0);
            }
        })));
        Assert.Equal(2 + wins, Alias("medical").Generation);
        Assert.Equal(2 + wins, (await AuditVerifier.VerifyAsync(_journal.ReadLinesAsync(0, default))).Entries);
    }

    [Fact]
    public async Task DocumentChangedByHand_Load_IsRefusedByKind()
    {
        await UploadAsync("medical", "one");
        await _journal.CommitAsync([new DocumentChange("alias", "medical", "{}")], new AuditRecord(_time.GetUtcNow(), "x", "x", "x"), null, default);
        Assert.Contains("'alias'", (await Assert.ThrowsAsync<JournalException>(LoadAsync)).Message, StringComparison.Ordinal);
    }

    private async Task<CommandResult> UploadAsync(string name, string content, bool release = true, long? expected = null)
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        var digest = await StoredAdapter.StageAsync(_store, _folder, content);
        var version = new RegisteredVersion(digest, 7, _time.GetUtcNow(), "alice")
        {
            Rank = 16,
            Kind = "LoRA",
            Probe = new VersionProbe(ProbeOutcome.Passed, 3, "fine"),
            Reason = "because",
            Note = "nothing",
        };
        return await _plane.UploadAsync(new UploadCommand(name, version) { Release = release, ExpectedGeneration = expected }, Alice, default);
    }

    private Task<CommandResult> EditAsync(DocumentEdit edit) => _plane.EditAsync([edit], "route.set", edit.Key, null, Alice, default);

    private static async Task<CommandResult> RefusedAsync(Task<CommandResult> command)
    {
        var result = await command;
        Assert.Equal(CommandOutcome.InUse, result.Outcome);
        return result;
    }

    private AdapterAlias Alias(string name) => _plane.Snapshot.Aliases.TryGet(name, out var alias) ? alias : throw new KeyNotFoundException(name);

    private VersionDigest Digest(string name, int index) => _plane.Snapshot.Adapters[name].Versions[index].Digest;

    private Task<ControlPlane> LoadAsync() =>
        ControlPlane.LoadAsync(_journal, _store, new ControlPlaneOptions { IsLeased = _leased.Contains }, _time, default);

    private async Task ReloadAsync() => _plane = await LoadAsync();
}
