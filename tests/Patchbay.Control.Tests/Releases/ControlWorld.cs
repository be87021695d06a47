using System.Text;
using Patchbay.Control.Journal;
using Patchbay.Control.Releases;
using Patchbay.Control.Routing;
using Patchbay.Control.Versions;

namespace Patchbay.Control.Tests.Releases;

/// <summary>A control plane with an adapter of several versions, in memory and a folder of its own.</summary>
internal sealed class ControlWorld : IAsyncDisposable
{
    public static readonly CommandOrigin Alice = new("alice", "because");

    private readonly string _folder = Directory.CreateTempSubdirectory("patchbay-routing-").FullName;
    private readonly MemoryJournal _journal = new();

    public VirtualTime Time { get; } = new();

    public ControlPlane Plane { get; private set; } = null!;

    public ReleaseConductor Conductor { get; private set; } = null!;

    public RouteCommands Routes { get; private set; } = null!;

    public RouteTable Table { get; } = new();

    public List<string> Seen { get; } = [];

    /// <summary>The versions of "medical" in the order of upload; the first one answers.</summary>
    public List<VersionDigest> Versions { get; } = [];

    public VersionDigest Current => Plane.Snapshot.Aliases.TryGet("medical", out var alias) ? alias.Digest : throw new InvalidOperationException("The alias is gone.");

    public static async Task<ControlWorld> OpenAsync(int versions = 2, ProbeOutcome probe = ProbeOutcome.Passed)
    {
        var world = new ControlWorld();
        await world.RestartAsync();
        for (var i = 0; i < versions; i++)
        {
            await world.UploadAsync($"v{i}", release: i == 0, probe);
        }
        return world;
    }

    /// <summary>What kill -9 leaves: the journal and the files.</summary>
    public async Task RestartAsync()
    {
        Conductor?.Dispose();
        Plane = await ControlPlane.LoadAsync(_journal, VersionStore.Open(_folder), new ControlPlaneOptions(), Time, default);
        Conductor = new ReleaseConductor(Plane, Time) { Happened = (release, happened) => Seen.Add($"{release.Id} {happened.Event}") };
        Routes = new RouteCommands(Plane);
    }

    public async Task UploadAsync(string content, bool release, ProbeOutcome probe)
    {
        using var staging = Plane.Store.BeginStaging();
        await staging.AddAsync("adapter.bin", new MemoryStream(Encoding.UTF8.GetBytes(content)), default);
        using var staged = staging.Complete();
        staged.Publish();
        var version = new RegisteredVersion(staged.Digest, staged.Bytes, Time.GetUtcNow(), "alice") { Probe = new VersionProbe(probe, 1, null) };
        var result = await Plane.UploadAsync(new UploadCommand("medical", version) { Release = release }, Alice, default);
        Assert.Equal(CommandOutcome.Applied, result.Outcome);
        Versions.Add(staged.Digest);
    }

    public ReleaseSpec Spec(int candidate = 1, IReadOnlyList<RolloutStep>? steps = null, IReadOnlyList<ReleaseGuard>? guards = null) =>
        new("medical", Versions[candidate].ToString(), steps ?? [new RolloutStep(10, 5, 2), new RolloutStep(100, 5)],
            guards ?? [new ReleaseGuard(GuardMetric.ErrorRate, Max: 0.05, MinSamples: 5)]);

    public async Task<Release> StartAsync(ReleaseSpec? spec = null)
    {
        var answer = await Conductor.StartAsync(spec ?? Spec(), _ => null, Alice, default);
        Assert.Empty(answer.Problems);
        Assert.Null(answer.Refusal);
        return answer.Release!;
    }

    /// <summary>A second of virtual time with some answers of both arms.</summary>
    public async Task SecondAsync(int errors = 0)
    {
        foreach (var digest in Versions)
        {
            for (var i = 0; i < 10 && Conductor.FindArm("medical", digest) is { } found; i++)
            {
                found.Arm.RecordAnswer(new AnswerFigures(digest == found.Release.Candidate && i < errors, 5, "stop", 0.1, 0.01));
            }
        }
        Time.Advance(1);
        await Conductor.LookAsync(default);
    }

    public async Task<IReadOnlyList<string>> ActionsAsync()
    {
        var page = await _journal.FindAsync(new AuditQuery { Limit = AuditQuery.MaxLimit }, default);
        return [.. page.Entries.Select(entry => entry.Record.Action).Where(action => action != "adapter.upload").Reverse()];
    }

    public async ValueTask DisposeAsync()
    {
        Conductor.Dispose();
        await _journal.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
