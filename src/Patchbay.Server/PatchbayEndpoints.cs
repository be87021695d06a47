using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Patchbay.Server.Endpoints;
using Patchbay.Server.Hosting;

namespace Patchbay.Server;

/// <summary>Every address of the server, one line each.</summary>
public static class PatchbayEndpoints
{
    internal static IReadOnlyList<(string Method, string Path, EndpointHandler Handler)> All { get; } =
    [
        ("GET", "/", IndexEndpoint.HandleAsync),
        ("GET", "/console/{**path}", ConsoleEndpoint.HandleAsync),
        ("GET", "/health", HealthEndpoint.HandleAsync),
        ("GET", "/ready", ReadyEndpoint.HandleAsync),
        ("GET", "/v1/models", ModelsEndpoint.ListAsync),
        ("GET", "/v1/models/{**id}", ModelsEndpoint.GetAsync),
        ("POST", "/v1/chat/completions", ChatCompletionsEndpoint.HandleAsync),
        ("POST", "/v1/completions", CompletionsEndpoint.HandleAsync),
        ("POST", "/switch-lora", SwitchLoraEndpoint.HandleAsync),
        ("POST", "/v1/load_lora_adapter", LoadLoraAdapterEndpoint.HandleAsync),
        ("POST", "/v1/unload_lora_adapter", UnloadLoraAdapterEndpoint.HandleAsync),
        ("GET", "/lora-adapters", LoraAdaptersEndpoint.HandleAsync),
        ("GET", "/admin/engine", EngineStatisticsEndpoint.HandleAsync),
    ];

    /// <summary>Adds all of Patchbay's addresses; unknown ones get an error object instead of an empty page.</summary>
    public static void MapPatchbay(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var guard = new EndpointGuard(
            services.GetRequiredService<PatchbayRuntime>(), services.GetRequiredService<ILogger<EndpointGuard>>());
        foreach (var (method, path, handler) in All)
        {
            routes.Map(path, guard.Protect(method, handler));
        }
        routes.MapFallback("{**path}", (RequestDelegate)guard.NotFoundAsync);
    }
}
