using System.Diagnostics;
using Patchbay.Control.Journal;

namespace Patchbay.Control.Tests;

public sealed class CrashTests
{
    [Fact]
    public async Task KilledAtAnyMoment_OpenAgain_HoldsWhatWasAcknowledgedAndAtMostOneMore()
    {
        var rounds = Environment.GetEnvironmentVariable("PATCHBAY_NIGHTLY") == "1" ? 1000 : 36;
        using var folder = new TemporaryFolder();
        var random = new Random(11);
        long commands = 0, inFlight = 0;
        for (var round = 0; round < rounds; round++)
        {
            var (revision, hash) = await KillAsync(folder.Root, round, random.Next(1, 40));

            var anchor = AuditAnchor.Read(ControlDataDirectory.FindJournal(folder.Root).Anchor);
            await using var data = await ControlDataDirectory.OpenAsync(folder.Root, null, TimeProvider.System, default);
            var audit = await AuditVerifier.VerifyAsync(data.Journal.ReadLinesAsync(0, default), anchor);
            Assert.True(audit.IsValid, audit.Problem);
            Assert.Equal(0, audit.Repairs);
            await using var plane = await ControlPlane.LoadAsync(data.Journal, data.Store, new ControlPlaneOptions(), TimeProvider.System, default);
            var state = plane.Snapshot;
            Assert.InRange(state.Revision, revision, revision + 1);
            Assert.True(state.Revision > revision || Fingerprint.Hash(state) == hash, $"Round {round}: the state of revision {revision} came back otherwise.");
            inFlight += state.Revision - revision;
            commands = state.Revision;

            var registered = state.Adapters.Values.SelectMany(adapter => adapter.Versions).Select(version => version.Digest).ToHashSet();
            Assert.Equal(registered, data.Store.Versions.ToHashSet());
            Assert.All(registered, digest => Assert.True(data.Store.TryGetPath(digest, out var path) && Directory.GetFiles(path).Length == 2));
            Assert.Empty(Directory.GetFileSystemEntries(folder["staging"]));
        }
        Assert.True(commands > rounds * 5, $"{commands} commands");
        TestContext.Current.SendDiagnosticMessage($"{rounds} kills, {commands} commands, {inFlight} of them in flight at a kill.");
    }

    [Fact]
    public async Task DirectoryInUse_Open_IsRefused()
    {
        using var folder = new TemporaryFolder();
        await using var first = await ControlDataDirectory.OpenAsync(folder.Root, null, TimeProvider.System, default);
        var refusal = await Assert.ThrowsAsync<JournalException>(() => ControlDataDirectory.OpenAsync(folder.Root, null, TimeProvider.System, default));
        Assert.StartsWith("Another process", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ChainThatWasCut_Open_SaysSoInTheChainItself()
    {
        using var folder = new TemporaryFolder();
        await using (var data = await ControlDataDirectory.OpenAsync(folder.Root, null, TimeProvider.System, default))
        {
            await data.Journal.CommitAsync([], new AuditRecord(DateTimeOffset.UnixEpoch, "a", "b", "c"), null, default);
            await data.Journal.CommitAsync([], new AuditRecord(DateTimeOffset.UnixEpoch, "a", "b", "c"), null, default);
        }
        var (journal, anchor) = ControlDataDirectory.FindJournal(folder.Root);
        foreach (var harm in new Action[] { () => Cut(journal), () => File.Delete(anchor), () => File.WriteAllText(anchor, "?") })
        {
            harm();
            await using var data = await ControlDataDirectory.OpenAsync(folder.Root, null, TimeProvider.System, default);
            var newest = (await data.Journal.FindAsync(new AuditQuery { Limit = 1 }, default)).Entries[0];
            Assert.Equal("audit.repair", newest.Record.Action);
            Assert.Equal(newest.Hash, AuditAnchor.Read(anchor)!.Hash);
        }
        await using var reader = await SqliteJournal.OpenReadOnlyAsync(journal, default);
        Assert.Equal(3, (await AuditVerifier.VerifyAsync(reader.ReadLinesAsync(0, default))).Repairs);
    }

    [Fact]
    public async Task Temporary_Dispose_LeavesNothing()
    {
        string? path;
        await using (var data = ControlDataDirectory.OpenTemporary())
        {
            using var staging = data.Store.BeginStaging();
            await staging.AddAsync("a", new MemoryStream([1]), default);
            using var staged = staging.Complete();
            staged.Publish();
            Assert.True(data.Store.TryGetPath(staged.Digest, out path));
        }
        Assert.False(Directory.Exists(Path.GetDirectoryName(Path.GetDirectoryName(path))));
    }

    private static void Cut(string journal)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={journal};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "DELETE FROM patchbay_audit WHERE seq = 2";
        Assert.Equal(1, command.ExecuteNonQuery());
    }

    // Kills the child some milliseconds after its nth acknowledgement: with so short a time, in the middle of a command.
    private static async Task<(long Revision, string Hash)> KillAsync(string directory, int seed, int acknowledgements)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(CrashTests).Assembly.Location);
        }
        start.Environment[CrashChild.Variable] = directory;
        start.Environment[CrashChild.SeedVariable] = $"{seed}";
        using var child = Process.Start(start)!;
        var last = "";
        try
        {
            for (var i = 0; i < acknowledgements && await child.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)) is { } line; i++)
            {
                last = line;
            }
            await Task.Delay(seed % 7);
        }
        finally
        {
            child.Kill();
        }
        while (await child.StandardOutput.ReadLineAsync() is { } line)
        {
            last = line;
        }
        var problem = await child.StandardError.ReadToEndAsync();
        await child.WaitForExitAsync();
        Assert.True(last.StartsWith("ack ", StringComparison.Ordinal), problem);
        var parts = last.Split(' ');
        return (long.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture), parts[2]);
    }
}
