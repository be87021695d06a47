using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Patchbay.Server.Access;
using Patchbay.Server.Endpoints;
using Patchbay.Server.Hosting;

namespace Patchbay.Server;

/// <summary>Every address of the server, one line each.</summary>
public static class PatchbayEndpoints
{
    internal static IReadOnlyList<(string Method, string Path, EndpointAccess Access, EndpointHandler Handler)> All { get; } =
    [
        ("GET", "/", EndpointAccess.AnyKey, IndexEndpoint.HandleAsync),
        ("GET", "/console/{**path}", EndpointAccess.Open, ConsoleEndpoint.HandleAsync),
        ("GET", "/health", EndpointAccess.Open, HealthEndpoint.HandleAsync),
        ("GET", "/ready", EndpointAccess.Open, ReadyEndpoint.HandleAsync),
        ("GET", "/v1/models", EndpointAccess.AnyKey, ModelsEndpoint.ListAsync),
        ("GET", "/v1/models/{**id}", EndpointAccess.AnyKey, ModelsEndpoint.GetAsync),
        ("POST", "/v1/chat/completions", EndpointAccess.Inference, ChatCompletionsEndpoint.HandleAsync),
        ("POST", "/v1/completions", EndpointAccess.Inference, CompletionsEndpoint.HandleAsync),
        ("POST", "/switch-lora", EndpointAccess.Admin, SwitchLoraEndpoint.HandleAsync),
        ("POST", "/v1/load_lora_adapter", EndpointAccess.Admin, LoadLoraAdapterEndpoint.HandleAsync),
        ("POST", "/v1/unload_lora_adapter", EndpointAccess.Admin, UnloadLoraAdapterEndpoint.HandleAsync),
        ("GET", "/lora-adapters", EndpointAccess.AnyKey, LoraAdaptersEndpoint.HandleAsync),
        ("GET", "/metrics", EndpointAccess.Viewer, MetricsEndpoint.HandleAsync),
        ("GET", "/admin/traffic", EndpointAccess.Viewer, TrafficEndpoint.HandleAsync),
        ("GET", "/admin/session", EndpointAccess.AnyKey, SessionEndpoint.HandleAsync),
        ("GET", "/admin/engine", EndpointAccess.Viewer, EngineStatisticsEndpoint.HandleAsync),
    ];

    /// <summary>Adds all of Patchbay's addresses; unknown ones get an error object instead of an empty page.</summary>
    public static void MapPatchbay(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var guard = new EndpointGuard(
            services.GetRequiredService<PatchbayRuntime>(), services.GetRequiredService<ILogger<EndpointGuard>>());
        foreach (var (method, path, access, handler) in All)
        {
            var guarded = guard.Protect(method, access, handler);
            routes.Map(path, path == "/" ? IndexEndpoint.BehindConsole(guarded) : guarded);
        }
        routes.MapFallback("{**path}", (RequestDelegate)guard.NotFoundAsync);
    }
}
