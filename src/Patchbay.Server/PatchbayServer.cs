using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Patchbay.Server.Endpoints;
using Patchbay.Server.Observability;

namespace Patchbay.Server;

/// <summary>A host that serves nothing but Patchbay, with every limit of its listener set on purpose.</summary>
public static class PatchbayServer
{
    /// <summary>The path of the web console; null where it was not built into this program.</summary>
    public static string? ConsolePath => ConsoleFiles.AreBuiltIn ? ConsoleEndpoint.Path : null;

    /// <summary>Builds the host; it listens once it is started.</summary>
    /// <param name="options">The engine and its adapters.</param>
    /// <param name="url">Where to listen, such as <c>http://127.0.0.1:8080</c>.</param>
    public static WebApplication Build(PatchbayServerOptions options, string url)
    {
        // Empty: no file decides anything and no variable but those of OpenTelemetry, and no directory is watched for settings.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        Telemetry.Configure(builder.Configuration);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseUrls(url).ConfigureKestrel(kestrel => Limit(kestrel, options));
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Logging.AddFilter("Patchbay", LogLevel.Information);
        builder.Services.AddPatchbay(options);
        var application = builder.Build();
        application.MapPatchbay();
        return application;
    }

    private static void Limit(KestrelServerOptions kestrel, PatchbayServerOptions options)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MaxConcurrentConnections = 4096;
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.MaxRequestLineSize = 8 * 1024;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestHeadersTotalSize = 32 * 1024;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
        // The endpoints answer 413 at their own, lower limit; this one stops a client that goes on sending after it.
        limits.MaxRequestBodySize = 8L * options.MaxRequestBytes;
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(10));
    }
}
