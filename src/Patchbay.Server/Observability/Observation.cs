using Microsoft.Extensions.Logging;

namespace Patchbay.Server.Observability;

/// <summary>Everything that looks on while requests are answered.</summary>
internal sealed class Observation
{
    /// <summary>Wires the sinks to the ledger.</summary>
    public Observation(TimeProvider time, ILoggerFactory loggers)
    {
        Traffic = new TrafficWindow(time);
        Ledger = new AnswerLedger(time, [Metrics, Traffic, new RequestLog(loggers.CreateLogger<RequestLog>()), new GenAiTelemetry()]);
    }

    /// <summary>Running and ended requests.</summary>
    public AnswerLedger Ledger { get; }

    /// <summary>Counters since the start.</summary>
    public AnswerMetrics Metrics { get; } = new();

    /// <summary>The last two minutes.</summary>
    public TrafficWindow Traffic { get; }
}
