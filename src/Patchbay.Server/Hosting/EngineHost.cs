using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Patchbay.Control;
using Patchbay.Control.Routing;
using Patchbay.Engine;
using Patchbay.Server.Adapters;

namespace Patchbay.Server.Hosting;

/// <summary>
/// Opens the engine beside the listener, so that /health answers while a large model is read, and closes it after the
/// last answer has ended.
/// </summary>
internal sealed partial class EngineHost(
    PatchbayRuntime runtime, ILoggerFactory loggers, ILogger<EngineHost> logger) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _opening = Task.CompletedTask;

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
        if (runtime.Opened is { } opened)
        {
            opened.Adapters.Dispose();
            await opened.Engine.DisposeAsync();
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
            var engine = await InferenceEngine.OpenAsync(options.Engine, _stopping.Token);
            engine.StepFailed += failure => Log.StepFailed(logger, failure);
            var baseName = options.BaseName ?? engine.Model.Name;
            var adapters = new AdapterService(
                engine, new ModelRouter(baseName), new AdapterDirectory(options.AdaptersDirectory, options.AllowAdapterPaths),
                options.MaxAdapters, runtime.Time, loggers.CreateLogger<AdapterService>());
            var found = await LoadAllAsync(adapters);
            runtime.SetReady(new OpenedEngine(engine, adapters, runtime.Time.GetUtcNow()), new StartReport(baseName, engine.Model, found));
        }
        catch (Exception problem)
        {
            // Whoever started the server awaits this and decides; there is no one else to throw to.
            runtime.SetFailed(problem);
        }
    }

    private async Task<List<FoundAdapter>> LoadAllAsync(AdapterService adapters)
    {
        var found = new List<FoundAdapter>();
        foreach (var (name, path) in adapters.Directory.Scan())
        {
            if (AdapterName.FindProblem(name, adapters.BaseName) is { } problem)
            {
                found.Add(new FoundAdapter(name, null, problem));
                continue;
            }
            var result = await adapters.LoadQuietlyAsync(name, path, replace: false, _stopping.Token);
            found.Add(new FoundAdapter(name, result.Version, result.Problem));
        }
        return found;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Answers still ran after {Seconds} s of drain and were cut short.")]
        public static partial void CutShort(ILogger logger, double seconds);

        [LoggerMessage(2, LogLevel.Error, "A step of the engine failed; its requests were refused and the engine goes on.")]
        public static partial void StepFailed(ILogger logger, Exception failure);
    }
}
