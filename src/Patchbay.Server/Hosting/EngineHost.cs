using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Patchbay.Server.Adapters;
using Patchbay.Server.Judges;

namespace Patchbay.Server.Hosting;

/// <summary>
/// Opens the engine beside the listener, so that /health answers while a large model is read, and closes it after the
/// last answer has ended.
/// </summary>
internal sealed partial class EngineHost(
    PatchbayRuntime runtime, IEnumerable<IAdapterCheck> checks, IEnumerable<IAnswerJudge> judges, ILoggerFactory loggers, ILogger<EngineHost> logger) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _opening = Task.CompletedTask;
    private EngineParts? _parts;
    private Task _watching = Task.CompletedTask;
    private Task _following = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _opening = Task.Run(OpenAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Lets running answers end while the listener still tells load balancers that this server is going.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        try
        {
            await runtime.DrainAsync().WaitAsync(runtime.Options.DrainTimeout, runtime.Time, cancellationToken);
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException)
        {
            Log.CutShort(logger, runtime.Options.DrainTimeout.TotalSeconds);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _opening;
        await _watching;
        await _following;
        if (_parts is { } parts)
        {
            await parts.DisposeAsync();
        }
    }

    public void Dispose() => _stopping.Dispose();

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task OpenAsync()
    {
        try
        {
            var options = runtime.Options;
            _parts = await EngineParts.OpenAsync(options, [.. checks], [.. judges], runtime.Time, loggers, _stopping.Token);
            var (engine, adapters) = (_parts.Engine, _parts.Adapters);
            engine.StepFailed += failure => Log.StepFailed(logger, failure);
            var found = await _parts.Directory.TakeAllAsync(_stopping.Token);
            await _parts.PreloadAsync(_parts.Directory.IsLazy, _stopping.Token);
            runtime.Observation.Ledger.Attach(_parts.Answers);
            runtime.SetReady(
                new OpenedEngine(engine, adapters, _parts.Commands, _parts.Releases, _parts.Shadows, _parts.Answers, runtime.Time.GetUtcNow()),
                new StartReport(adapters.BaseName, engine.Model, Describe(_parts, found)));
            _parts.Releases.Start();
            _watching = options.WatchAdapters && options.AdaptersDirectory is not null ? _parts.Directory.WatchAsync(_stopping.Token) : Task.CompletedTask;
            // A file has one writer, a database may have several.
            _following = options.JournalConnection is not null ? _parts.Follower.FollowAsync(_stopping.Token) : Task.CompletedTask;
        }
        catch (Exception problem)
        {
            // Whoever started the server awaits this and decides; there is no one else to throw to.
            runtime.SetFailed(problem);
        }
    }

    // What answers, whether it was in the directory or in the journal, and what was refused.
    private static List<FoundAdapter> Describe(EngineParts parts, IReadOnlyList<FoundAdapter> found)
    {
        var inMemory = parts.Engine.Adapters.ToDictionary(version => version.Digest.ToString(), StringComparer.Ordinal);
        var served = parts.Adapters.Aliases.Aliases.Select(alias =>
            new FoundAdapter(alias.Name, inMemory.GetValueOrDefault(alias.Digest.ToString()), null) { Digest = alias.Digest.ToString() });
        return [.. served.Concat(found.Where(adapter => adapter.Problem is not null)).OrderBy(adapter => adapter.Name, StringComparer.Ordinal)];
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Answers still ran after {Seconds} s of drain and were cut short.")]
        public static partial void CutShort(ILogger logger, double seconds);

        [LoggerMessage(2, LogLevel.Error, "A step of the engine failed; its requests were refused and the engine goes on.")]
        public static partial void StepFailed(ILogger logger, Exception failure);
    }
}
