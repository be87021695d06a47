using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Patchbay.Engine;
using Patchbay.Server;
using Patchbay.Server.Hosting;

namespace Patchbay.Bench;

/// <summary>This program's own server in this process, on a free port of the loopback.</summary>
internal sealed class LocalServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private LocalServer(WebApplication application, CompletionsTarget target, int vocabulary)
    {
        _application = application;
        Target = target;
        Vocabulary = vocabulary;
    }

    public CompletionsTarget Target { get; }

    /// <summary>Tokens of its model.</summary>
    public int Vocabulary { get; }

    /// <exception cref="InvalidDataException">The model cannot be opened, or has no tokenizer.</exception>
    public static async Task<LocalServer> StartAsync(EngineOptions engine, string? adapters)
    {
        var options = new PatchbayServerOptions { Engine = engine, AdaptersDirectory = adapters, AllowAdapterPaths = true };
        // Without a log: it would mix with the report.
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddPatchbay(options);
        var application = builder.Build();
        application.MapPatchbay();
        try
        {
            await application.StartAsync();
            var report = await application.Services.GetRequiredService<PatchbayRuntime>().Started;
            var names = report.Adapters.Where(adapter => adapter.Version is not null).Select(adapter => adapter.Name).ToList();
            return new LocalServer(application, new CompletionsTarget(new Uri(application.Urls.First()), report.BaseName, names, []), report.Model.VocabularySize);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
    }
}
