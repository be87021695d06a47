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
        ("POST", "/v1/compare", EndpointAccess.Inference, CompareEndpoint.HandleAsync),
        ("POST", "/switch-lora", EndpointAccess.Admin, SwitchLoraEndpoint.HandleAsync),
        ("POST", "/v1/load_lora_adapter", EndpointAccess.Admin, LoadLoraAdapterEndpoint.HandleAsync),
        ("POST", "/v1/unload_lora_adapter", EndpointAccess.Admin, UnloadLoraAdapterEndpoint.HandleAsync),
        ("GET", "/lora-adapters", EndpointAccess.AnyKey, LoraAdaptersEndpoint.HandleAsync),
        ("GET", "/metrics", EndpointAccess.Viewer, MetricsEndpoint.HandleAsync),
        ("GET", "/admin/traffic", EndpointAccess.Viewer, TrafficEndpoint.HandleAsync),
        ("GET", "/admin/session", EndpointAccess.AnyKey, SessionEndpoint.HandleAsync),
        ("GET", "/admin/engine", EndpointAccess.Viewer, EngineStatisticsEndpoint.HandleAsync),
        ("GET", "/admin/adapters", EndpointAccess.Viewer, AdminAdaptersEndpoint.ListAsync),
        ("GET", "/admin/adapters/{name}", EndpointAccess.Viewer, AdminAdaptersEndpoint.GetAsync),
        ("PUT", "/admin/adapters/{name}", EndpointAccess.Admin, AdapterUploadEndpoint.HandleAsync),
        ("PATCH", "/admin/adapters/{name}", EndpointAccess.Admin, AdapterChangeEndpoint.PatchAsync),
        ("DELETE", "/admin/adapters/{name}", EndpointAccess.Admin, AdapterChangeEndpoint.DeleteAsync),
        ("GET", "/admin/adapters/{name}/history", EndpointAccess.Viewer, AuditEndpoint.HistoryAsync),
        ("POST", "/admin/adapters/{name}/release", EndpointAccess.Admin, AdapterReleaseEndpoint.ReleaseAsync),
        ("POST", "/admin/adapters/{name}/rollback", EndpointAccess.Admin, AdapterReleaseEndpoint.RollbackAsync),
        ("POST", "/admin/adapters/{name}/load", EndpointAccess.Admin, AdapterMemoryEndpoint.LoadAsync),
        ("POST", "/admin/adapters/{name}/unload", EndpointAccess.Admin, AdapterMemoryEndpoint.UnloadAsync),
        ("DELETE", "/admin/adapters/{name}/versions/{digest}", EndpointAccess.Admin, AdapterChangeEndpoint.DeleteVersionAsync),
        ("GET", "/admin/routes", EndpointAccess.Viewer, RoutesEndpoint.ListAsync),
        ("GET", "/admin/routes/{name}", EndpointAccess.Viewer, RoutesEndpoint.GetAsync),
        ("PUT", "/admin/routes/{name}", EndpointAccess.Admin, RoutesEndpoint.PutAsync),
        ("DELETE", "/admin/routes/{name}", EndpointAccess.Admin, RoutesEndpoint.DeleteAsync),
        ("POST", "/admin/routes/explain", EndpointAccess.Admin, RoutesEndpoint.ExplainAsync),
        ("GET", "/admin/releases", EndpointAccess.Viewer, ReleasesEndpoint.ListAsync),
        ("POST", "/admin/releases", EndpointAccess.Admin, ReleasesEndpoint.StartAsync),
        ("GET", "/admin/releases/{id}", EndpointAccess.Viewer, ReleasesEndpoint.GetAsync),
        ("POST", "/admin/releases/{id}/promote", EndpointAccess.Admin, ReleasesEndpoint.PromoteAsync),
        ("POST", "/admin/releases/{id}/pause", EndpointAccess.Admin, ReleasesEndpoint.PauseAsync),
        ("POST", "/admin/releases/{id}/resume", EndpointAccess.Admin, ReleasesEndpoint.ResumeAsync),
        ("POST", "/admin/releases/{id}/abort", EndpointAccess.Admin, ReleasesEndpoint.AbortAsync),
        ("POST", "/v1/feedback", EndpointAccess.Inference, FeedbackEndpoint.HandleAsync),
        ("GET", "/admin/answers", EndpointAccess.Viewer, AnswersEndpoint.ListAsync),
        ("GET", "/admin/answers/{id}", EndpointAccess.Viewer, AnswersEndpoint.GetAsync),
        ("POST", "/admin/answers/{id}/replay", EndpointAccess.Admin, ReplayEndpoint.HandleAsync),
        ("GET", "/admin/audit", EndpointAccess.Viewer, AuditEndpoint.ListAsync),
        ("POST", "/admin/audit/verify", EndpointAccess.Viewer, AuditEndpoint.VerifyAsync),
    ];

    /// <summary>Adds all of Patchbay's addresses; unknown ones get an error object instead of an empty page.</summary>
    public static void MapPatchbay(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var guard = new EndpointGuard(
            services.GetRequiredService<PatchbayRuntime>(), services.GetRequiredService<ILogger<EndpointGuard>>());
        foreach (var address in All.GroupBy(endpoint => endpoint.Path))
        {
            var guarded = guard.Protect(
                address.ToDictionary(endpoint => endpoint.Method, endpoint => (endpoint.Access, endpoint.Handler), StringComparer.OrdinalIgnoreCase));
            routes.Map(address.Key, address.Key == "/" ? IndexEndpoint.BehindConsole(guarded) : guarded);
        }
        routes.MapFallback("{**path}", (RequestDelegate)guard.NotFoundAsync);
    }
}
