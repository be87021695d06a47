using Patchbay.Control.Journal;
using Patchbay.Control.Tests.VersionFiles;
using Patchbay.Control.Versions;

namespace Patchbay.Control.Tests;

/// <summary>
/// A control plane under random commands in virtual time, whose process ends or whose disk fails at a random step. The
/// journal's memory and the store's directory outlive it. After every step the invariants of the design are checked.
/// </summary>
internal sealed class ControlSimulation : IDisposable
{
    private static readonly string[] Names = ["a", "b", "c"];

    private readonly Random _random;
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly MemoryJournal _journal = new();
    private readonly FaultyFiles _files = new();
    private readonly Dictionary<string, long> _highest = [];
    private readonly HashSet<VersionDigest> _leased = [];
    private ControlPlane _plane = null!;
    private long _highestDefault;

    private ControlSimulation(int seed) => _random = new Random(seed);

    public int Crashes { get; private set; }

    public int Applied { get; private set; }

    public static async Task<ControlSimulation> StartAsync(int seed)
    {
        var simulation = new ControlSimulation(seed);
        await simulation.RestartAsync();
        return simulation;
    }

    public void Dispose() => _folder.Dispose();

    public async Task StepAsync()
    {
        _time.Advance(TimeSpan.FromMilliseconds(_random.Next(100_000)));
        var before = _plane.Snapshot;
        var plan = _random.Next(4);
        _files.Restart();
        _files.IsCrash = plan == 0;
        _files.FailAt = plan <= 1 ? _random.Next(1, 12) : 0;
        CommandResult? result = null;
        try
        {
            result = await CommandAsync();
        }
        catch (Exception exception) when (exception is JournalException or VersionRefusedException or IOException && _files.HasFailed)
        {
            // The command failed or its process ended; what it did is looked at below.
        }
        var hasEnded = _files is { IsCrash: true, HasFailed: true };
        var published = _plane.Snapshot;
        _files.Restart();
        if (hasEnded)
        {
            Crashes++;
            await RestartAsync();
        }
        await CheckAsync(before, published, result, hasEnded);
        if (_random.Next(8) == 0)
        {
            var running = _plane.Snapshot;
            await RestartAsync();
            // A commit whose answer was lost is in the journal and not yet published; else nothing may differ.
            Expect(running.Revision == _plane.Snapshot.Revision ? Fingerprint.Differences(running, _plane.Snapshot) : [], "a restart changed the state");
            await CheckAsync(running, _plane.Snapshot, null, hasEnded: true);
            var audit = await AuditVerifier.VerifyAsync(_journal.ReadLinesAsync(0, default));
            Expect(audit.IsValid, audit.Problem ?? "");
        }
    }

    private async Task<CommandResult> CommandAsync()
    {
        var name = Names[_random.Next(Names.Length)];
        var origin = new CommandOrigin("alice", "simulated");
        long? expected = _random.Next(3) == 0 ? _random.Next(6) : null;
        switch (_random.Next(9))
        {
            case 0 or 1 or 2:
                return await UploadAsync(name, expected, origin);
            case 3:
                return await _plane.ReleaseAsync(new ReleaseCommand(name, Pick(name)) { ExpectedGeneration = expected }, origin, default);
            case 4:
                return await _plane.RollbackAsync(name, _random.Next(2) == 0 ? null : Pick(name), expected, origin, default);
            case 5:
                return _random.Next(3) == 0
                    ? await _plane.RemoveAsync(name, expected, origin, default)
                    : await _plane.RemoveVersionAsync(name, Pick(name), origin, default);
            case 6:
                return _random.Next(2) == 0
                    ? await _plane.PinAsync(name, _random.Next(2) == 0, origin, default)
                    : await _plane.PrioritizeAsync(name, (AdapterPriority)_random.Next(4), origin, default);
            case 7:
                return await _plane.SwitchDefaultAsync(_random.Next(3) == 0 ? null : name, expected, origin, default);
            default:
                var json = _random.Next(3) == 0 ? null : $"{{\"weight\":{_random.Next(100)}}}";
                var edit = new DocumentEdit(DocumentKind.Route, name, json) { References = json is null ? [] : [Pick(name)], ExpectedRevision = expected };
                return await _plane.EditAsync([edit], "route.set", name, null, origin, default);
        }
    }

    private async Task<CommandResult> UploadAsync(string name, long? expected, CommandOrigin origin)
    {
        VersionDigest digest;
        using (var staging = _plane.Store.BeginStaging())
        {
            await staging.AddAsync("adapter_model.safetensors", new MemoryStream([(byte)_random.Next(20)]), default);
            using var staged = staging.Complete();
            staged.Publish();
            digest = staged.Digest;
        }
        if (_random.Next(4) == 0)
        {
            _leased.Add(digest);
        }
        var version = new RegisteredVersion(digest, 1, _time.GetUtcNow(), "alice");
        return await _plane.UploadAsync(
            new UploadCommand(name, version) { Release = _random.Next(3) > 0, ExpectedGeneration = expected }, origin, default);
    }

    private async Task CheckAsync(ControlSnapshot before, ControlSnapshot published, CommandResult? result, bool hasEnded)
    {
        var now = _plane.Snapshot;
        foreach (var alias in now.Aliases.Aliases)
        {
            Expect(now.Adapters[alias.Name].TryGet(alias.Digest, out _), $"'{alias.Name}' stands for a version that nobody registered");
            var highest = _highest.GetValueOrDefault(alias.Name);
            var isSame = before.Aliases.TryGet(alias.Name, out var previous) && previous == alias;
            Expect(isSame ? alias.Generation == highest : alias.Generation > highest, $"the generation of '{alias.Name}' went from {highest} to {alias.Generation}");
            _highest[alias.Name] = alias.Generation;
        }
        foreach (var digest in now.Adapters.Values.SelectMany(adapter => adapter.Versions).Select(version => version.Digest))
        {
            Expect(_plane.Store.TryGetPath(digest, out var path) && Directory.GetFiles(path).Length == 1, "a registered version has no files");
        }
        Expect(now.Documents.Values.SelectMany(document => document.References).All(now.IsRegistered), "a document needs a version that nobody registered");
        Expect(now.Aliases.Default.Generation >= _highestDefault, "the generation of the default went back");
        Expect(now.Aliases.Default.Target is not { } target || (now.Aliases.TryGet(target.Name, out var answering) && answering == target), "the default stands for no alias");
        _highestDefault = now.Aliases.Default.Generation;

        var state = await _journal.LoadAsync(default);
        Expect(state.Revision - before.Revision is >= 0 and <= 2, $"one command moved the journal from {before.Revision} to {state.Revision}");
        Expect(Fingerprint.Differences(ControlFormat.Read(state), now), "the state is not the journal's", unless: state.Revision != now.Revision && !hasEnded);
        if (result is not null && !hasEnded)
        {
            var moved = result.Outcome == CommandOutcome.Applied;
            Applied += moved ? 1 : 0;
            Expect(ReferenceEquals(published, result.After) && moved == (result.Entry is not null), "a command and its state do not belong together");
            Expect(!moved || result.After.Revision == result.Entry!.Sequence, "a command and its entry do not belong together");
        }
    }

    // As a new process would: everything in memory is gone.
    private async Task RestartAsync()
    {
        _files.IsCrash = false;
        _leased.Clear();
        var store = VersionStore.Open(_folder["store"], new StoreLimits(), _files);
        var journal = new FailingJournal(_journal) { Step = _files.Step };
        _plane = await ControlPlane.LoadAsync(journal, store, new ControlPlaneOptions { KeptVersions = 3, IsLeased = _leased.Contains }, _time, default);
        var registered = _plane.Snapshot.Adapters.Values.SelectMany(adapter => adapter.Versions).Select(version => version.Digest).ToHashSet();
        Expect(store.Versions.All(registered.Contains), "files of a version that nobody registered outlived a start");
        Expect(Directory.GetFileSystemEntries(_folder["store/staging"]).Length == 0, "half-done files outlived a start");
    }

    private VersionDigest Pick(string name)
    {
        var versions = _plane.Snapshot.Adapters.GetValueOrDefault(name)?.Versions;
        return versions is { Length: > 0 } some ? some[_random.Next(some.Length)].Digest : Versions.Of("nothing");
    }

    private static void Expect(IEnumerable<string> differences, string problem, bool unless = false)
    {
        var found = differences.ToList();
        Expect(unless || found.Count == 0, $"{problem}: {string.Join("; ", found)}");
    }

    private static void Expect(bool isTrue, string problem)
    {
        if (!isTrue)
        {
            throw new InvalidOperationException(problem);
        }
    }
}
