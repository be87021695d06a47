using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Patchbay.Server.Observability;
using Patchbay.Server.Hosting;

namespace Patchbay.Server;

/// <summary>Adds an engine and its control plane to a host.</summary>
public static class PatchbayServices
{
    /// <summary>Opens the engine when the host starts and closes it when running answers have ended.</summary>
    public static IServiceCollection AddPatchbay(this IServiceCollection services, PatchbayServerOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new PatchbayRuntime(
            options, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>()));
        services.AddTelemetry();
        services.AddHostedService<EngineHost>();
        // The drain comes first; what is left is for closing connections.
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainTimeout + TimeSpan.FromSeconds(5));
        return services;
    }
}
