using System.Collections;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Patchbay.Server.Observability;

/// <summary>Sends spans and metrics by OTLP where OpenTelemetry's own variables name a receiver.</summary>
internal static class Telemetry
{
    // OpenTelemetry's specification: the variables that switch exporting on, configure it and name the service.
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string ServiceVariable = "OTEL_SERVICE_NAME";

    /// <summary>Gives the exporters, which read a host's configuration, OpenTelemetry's variables.</summary>
    public static void Configure(IConfigurationBuilder configuration)
    {
        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value))
            .Where(variable => variable.Key.StartsWith("OTEL_", StringComparison.Ordinal)).ToList();
        if (variables.Count > 0)
        {
            configuration.AddInMemoryCollection(variables);
        }
    }

    /// <summary>Adds nothing, and costs nothing at the start, where no receiver is named.</summary>
    public static void AddTelemetry(this IServiceCollection services)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(EndpointVariable)))
        {
            return;
        }
        Export(services);
    }

    // Apart, so that OpenTelemetry's assemblies are not loaded where nothing is exported.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Export(IServiceCollection services) =>
        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(Environment.GetEnvironmentVariable(ServiceVariable) ?? "patchbay"))
            .WithTracing(tracing => tracing.AddAspNetCoreInstrumentation().AddSource(GenAiTelemetry.Name))
            .WithMetrics(metrics => metrics.AddAspNetCoreInstrumentation().AddMeter(GenAiTelemetry.Name))
            .UseOtlpExporter();
}
