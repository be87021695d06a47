using Microsoft.Extensions.Logging.Abstractions;
using Patchbay.Control;
using Patchbay.Control.Journal;
using Patchbay.Control.Residency;
using Patchbay.Control.Routing;
using Patchbay.Control.Tests;
using Patchbay.Control.Tests.VersionFiles;
using Patchbay.Control.Versions;
using Patchbay.Engine;
using Patchbay.Server.Adapters;
using Patchbay.Server.Probes;
using Patchbay.Server.Releases;
using Patchbay.Server.Tests.Architecture;

namespace Patchbay.Server.Tests.Adapters;

/// <summary>The demo's engine with a door, a store and a journal of which each part can be made to fail.</summary>
internal sealed class UploadBench : IAsyncDisposable
{
    private static readonly string s_demo = Path.Combine(Repository.Root, "demo");
    private static readonly int[] s_prompt = [1, 2, 3, 5, 7, 11, 13];

    private readonly string _folder;
    private readonly InferenceEngine _engine;
    private readonly ControlPlane _plane;

    private UploadBench(string folder, InferenceEngine engine, ControlPlane plane, FaultyFiles disk, FailingJournal journal, IReadOnlyList<IAdapterCheck> checks)
    {
        (_folder, _engine, _plane, Disk, Journal) = (folder, engine, plane, disk, journal);
        Loader = new FaultyLoader(new EngineAdapterLoader(engine));
        Residency = new AdapterResidency<AdapterVersion, AdapterLease>(Loader, new ResidencyOptions(), TimeProvider.System);
        var adapters = new AdapterService(plane, Residency, new ModelRouter("base"), new AdapterDirectory(null, false), new RouteTable());
        var served = new ServedBase(["base"], null, () => Task.FromResult("sha256:" + new string('0', 64)));
        var intake = new AdapterIntake(plane, Residency, new AdapterProber(engine, Residency), new IntakeOptions(new BaseCheck(served, false), checks));
        Commands = new AdapterCommands(adapters, intake, TimeProvider.System, NullLogger<AdapterCommands>.Instance);
    }

    public FaultyFiles Disk { get; }

    public FailingJournal Journal { get; }

    public FaultyLoader Loader { get; }

    public AdapterResidency<AdapterVersion, AdapterLease> Residency { get; }

    public AdapterCommands Commands { get; }

    public ControlSnapshot State => _plane.Snapshot;

    public IReadOnlyCollection<VersionDigest> Stored => _plane.Store.Versions;

    public int InMemory => _engine.Adapters.Count;

    public static async Task<UploadBench> OpenAsync(params IAdapterCheck[] checks)
    {
        var folder = Directory.CreateTempSubdirectory("patchbay-upload-").FullName;
        var engine = await InferenceEngine.OpenAsync(new EngineOptions
        {
            ModelPath = Path.Combine(s_demo, "base"), Weights = WeightFormat.Native, ThreadCount = 1, ContextLength = 64,
        });
        var disk = new FaultyFiles();
        var journal = new FailingJournal(new MemoryJournal());
        var store = VersionStore.Open(Path.Combine(folder, "data"), new StoreLimits(), disk);
        var plane = await ControlPlane.LoadAsync(journal, store, new ControlPlaneOptions { KeptVersions = 1000 }, TimeProvider.System, default);
        return new UploadBench(folder, engine, plane, disk, journal, checks);
    }

    /// <summary>A demo adapter with a text beside it, so that every text makes another version.</summary>
    public string Write(string adapter, string text, params (string Name, string Content)[] files)
    {
        var target = Directory.CreateDirectory(Path.Combine(_folder, Guid.NewGuid().ToString("N"))).FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(s_demo, "adapters", adapter)))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }
        foreach (var (name, content) in files.Append(("README.md", text)))
        {
            File.WriteAllText(Path.Combine(target, name), content);
        }
        return target;
    }

    public Task<CommandAnswer<UploadedVersion>> UploadAsync(string path, CancellationToken cancellation = default) =>
        Commands.AddDirectoryAsync("medical", path, new UploadWish(), new CommandOrigin("tester"), cancellation);

    /// <summary>What answers under the name, and the logits that it makes.</summary>
    public async Task<(VersionDigest Digest, float[] Row)> AnswerAsync()
    {
        Assert.True(State.Aliases.TryGet("medical", out var alias));
        Assert.True(Residency.TryAcquire(alias.Digest, out var lease));
        var (row, _) = await ProbeRunner.AnswerAsync(_engine, lease, s_prompt, 1, default);
        return (alias.Digest, row);
    }

    public async ValueTask DisposeAsync()
    {
        Residency.Dispose();
        Commands.Dispose();
        await _plane.DisposeAsync();
        await _engine.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
