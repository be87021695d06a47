using System.Text;
using Microsoft.Extensions.Logging;
using Patchbay.Control;
using Patchbay.Control.Answers;
using Patchbay.Control.Journal;
using Patchbay.Control.Residency;
using Patchbay.Control.Routing;
using Patchbay.Control.Versions;
using Patchbay.Engine;
using Patchbay.Server.Adapters;
using Patchbay.Server.Judges;
using Patchbay.Server.Probes;
using Patchbay.Server.Observability;
using Patchbay.Server.Releases;

namespace Patchbay.Server.Hosting;

/// <summary>
/// The engine and everything that decides about its adapters, put together in the one order in which it works: engine, memory,
/// store, journal, state, door. Disposed in the other direction.
/// </summary>
internal sealed partial class EngineParts : IAsyncDisposable
{
    private const int AnswersInMemory = 10_000;

    private readonly ControlDataDirectory _data;

    private EngineParts(InferenceEngine engine, ControlDataDirectory data, AdapterService adapters, AdapterCommands commands, DirectoryIntake directory)
    {
        (Engine, _data, Adapters) = (engine, data, adapters);
        (Commands, Directory) = (commands, directory);
    }

    public InferenceEngine Engine { get; }

    public AdapterService Adapters { get; }

    public AdapterCommands Commands { get; }

    public DirectoryIntake Directory { get; }

    public required JournalFollower Follower { get; init; }

    public required ReleaseService Releases { get; init; }

    public required ShadowRunner Shadows { get; init; }

    public required AnswerKeeper Answers { get; init; }

    /// <summary>Opens all of it.</summary>
    /// <exception cref="InvalidDataException">The model cannot be opened.</exception>
    /// <exception cref="JournalException">The journal cannot be read.</exception>
    /// <exception cref="VersionRefusedException">The store cannot be written.</exception>
    public static async Task<EngineParts> OpenAsync(
        PatchbayServerOptions options, IReadOnlyList<IAdapterCheck> checks, IReadOnlyList<IAnswerJudge> judges, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellation)
    {
        // First, because it is quick and says at once that another process has it.
        ControlDataDirectory? data = null;
        InferenceEngine? engine = null;
        try
        {
            data = options.DataDirectory is { } kept
                ? await ControlDataDirectory.OpenAsync(kept, options.JournalConnection, time, cancellation)
                : ControlDataDirectory.OpenTemporary();
            engine = await (options.EngineOpening ?? InferenceEngine.OpenAsync(options.Engine, cancellation));
            var budget = options.AdapterMemoryBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;
            var residency = new AdapterResidency<AdapterVersion, AdapterLease>(
                new EngineAdapterLoader(engine), new ResidencyOptions { BudgetBytes = budget }, time);
            var log = loggers.CreateLogger<EngineParts>();
            residency.Happened += happened => Report(log, happened);
            var baseName = options.BaseName ?? engine.Model.Name;
            var plane = await OpenPlaneAsync(options, data, baseName, residency, time, cancellation);
            var releases = CreateReleases(options, plane, judges, time, loggers);
            var adapters = new AdapterService(
                plane, residency, new ModelRouter(baseName), new AdapterDirectory(options.AdaptersDirectory, options.AllowAdapterPaths), releases.Table);
            var shadows = new ShadowRunner(adapters, engine, time, loggers.CreateLogger<ShadowRunner>());
            var intake = new AdapterIntake(
                plane, residency, new AdapterProber(engine, residency),
                new IntakeOptions(new BaseCheck(ServedBaseOf(options, baseName, engine), options.AllowBaseMismatch), checks));
            var commands = new AdapterCommands(adapters, intake, time, loggers.CreateLogger<AdapterCommands>());
            var directory = new DirectoryIntake(
                adapters, commands,
                new DirectoryOptions(options.LazyAdapters, options.ReleaseWatchedAdapters, TimeSpan.FromSeconds(1), options.WatchSettleTime),
                new SeenFolders(options.DataDirectory is null ? null : Path.Combine(options.DataDirectory, "seen-folders.json")),
                time, loggers.CreateLogger<DirectoryIntake>());
            return new EngineParts(engine, data, adapters, commands, directory)
            {
                Follower = new JournalFollower(adapters, commands, time, loggers.CreateLogger<JournalFollower>()),
                Releases = releases,
                Shadows = shadows,
                Answers = new AnswerKeeper(await OpenAnswersAsync(options, time, cancellation), loggers.CreateLogger<AnswerKeeper>()),
            };
        }
        catch
        {
            await (data?.DisposeAsync() ?? ValueTask.CompletedTask);
            await DisposeAsync(engine, options.EngineOpening);
            throw;
        }
    }

    /// <summary>Loads what the journal knows: pinned adapters, and those that do not wait for their first use, as far as there is room.</summary>
    public async Task PreloadAsync(Func<string, bool> isLazy, CancellationToken cancellation)
    {
        var state = Adapters.State;
        Commands.Rank(state.Adapters.Values.SelectMany(adapter => adapter.Versions).Select(version => version.Digest));
        var room = Adapters.Residency.Totals.BudgetBytes ?? long.MaxValue;
        var current = state.Adapters.Values
            .Where(adapter => adapter.IsPinned || !isLazy(adapter.Name))
            .OrderByDescending(adapter => adapter.IsPinned).ThenByDescending(adapter => adapter.Priority).ThenBy(adapter => adapter.Name, StringComparer.Ordinal);
        foreach (var adapter in current)
        {
            if (state.Aliases.TryGet(adapter.Name, out var alias) && adapter.TryGet(alias.Digest, out var version)
                && Adapters.Residency.Find(alias.Digest) is { Tier: AdapterTier.Disk, LoadTime: null, LastUsed: null } && (room -= version.Bytes) >= 0)
            {
                await Commands.PreloadAsync(alias.Digest, cancellation);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Answers.DisposeAsync();
        await Releases.DisposeAsync();
        Adapters.Residency.Dispose();
        Commands.Dispose();
        await Adapters.Plane.DisposeAsync();
        await Engine.DisposeAsync();
        await _data.DisposeAsync();
    }

    private static ServedBase ServedBaseOf(PatchbayServerOptions options, string baseName, InferenceEngine engine) => new(
        [baseName, engine.Model.Name], options.BaseRevision ?? ServedBase.FindRevision(options.Engine.ModelPath),
        () => Task.Run(() => BaseDigest.ComputeAsync(options.Engine.ModelPath, CancellationToken.None)));

    // An engine whose opening had begun earlier may not have been waited for yet, and may have failed itself.
    private static async Task DisposeAsync(InferenceEngine? engine, Task<InferenceEngine>? opening)
    {
        if (engine is null && opening is not null)
        {
            await opening.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            engine = opening.IsCompletedSuccessfully ? await opening : null;
        }
        await (engine?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    // Without a data directory the last answers of this process are remembered, which is what a developer looks at.
    private static async Task<IAnswerLog> OpenAnswersAsync(PatchbayServerOptions options, TimeProvider time, CancellationToken cancellation) =>
        options.DataDirectory is { } directory
            ? await SqliteAnswerLog.OpenAsync(Path.Combine(directory, "answers.db"), options.Answers, time, cancellation)
            : new MemoryAnswerLog(options.Answers with { MaxEntries = Math.Min(options.Answers.MaxEntries, AnswersInMemory) }, time);

    private static ReleaseService CreateReleases(
        PatchbayServerOptions options, ControlPlane plane, IReadOnlyList<IAnswerJudge> judges, TimeProvider time, ILoggerFactory loggers)
    {
        // A judge or a receiver is named by an administrator; where it sends the server on to is not.
        var client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        });
        var webhook = options.Webhook is { } told
            ? new ReleaseWebhook(told.Url, Encoding.UTF8.GetBytes(told.Secret), client, time, loggers.CreateLogger<ReleaseWebhook>())
            : null;
        return new ReleaseService(plane, new JudgeRegistry(judges, client), webhook, time, loggers.CreateLogger<ReleaseService>());
    }

    private static async Task<ControlPlane> OpenPlaneAsync(
        PatchbayServerOptions options, ControlDataDirectory data, string baseName, AdapterResidency<AdapterVersion, AdapterLease> residency, TimeProvider time, CancellationToken cancellation)
    {
        var rules = new ControlPlaneOptions
        {
            KeptVersions = options.KeptVersions,
            MaxAdapters = options.MaxAdapters,
            BaseName = baseName,
            IsLeased = digest => residency.Find(digest) is { Leases: > 0 },
        };
        var plane = await ControlPlane.LoadAsync(data.Journal, data.Store, rules, time, cancellation);
        foreach (var version in plane.Snapshot.Adapters.Values.SelectMany(adapter => adapter.Versions))
        {
            residency.Register(version.Digest, data.Store.TryGetPath(version.Digest, out var path) ? path : null, version.Bytes);
        }
        return plane;
    }

    private static void Report(ILogger logger, ResidencyEvent happened)
    {
        switch (happened.Kind)
        {
            case ResidencyEventKind.Failed when happened.Problem is not AdapterLoadException:
                Log.LoadFailed(logger, happened.Problem, happened.Digest.Abbreviation);
                break;
            case ResidencyEventKind.EvictedForRoom:
                Log.Evicted(logger, happened.Digest.Abbreviation, happened.Bytes);
                break;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Version {Digest} could not be loaded.")]
        public static partial void LoadFailed(ILogger logger, Exception? failure, string digest);

        [LoggerMessage(2, LogLevel.Debug, "Version {Digest} made room for another one: {Bytes} bytes.")]
        public static partial void Evicted(ILogger logger, string digest, long bytes);
    }
}
