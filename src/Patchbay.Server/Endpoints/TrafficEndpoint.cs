using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;
using Patchbay.Server.Observability;

namespace Patchbay.Server.Endpoints;

/// <summary><c>GET /admin/traffic</c>: the last two minutes and this moment, for a console to draw.</summary>
internal static class TrafficEndpoint
{
    public static async Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime)
    {
        if (runtime.Opened is not { } opened)
        {
            return ApiError.Unavailable("The server is still opening its model.", "not_ready");
        }
        var now = opened.Engine.Statistics;
        var ledger = runtime.Observation.Ledger;
        var running = ledger.Running.ToLookup(watch => watch.Source.Adapter, StringComparer.Ordinal);
        var waiting = running.Sum(group => group.Count(watch => watch.IsWaiting));
        runtime.Observation.Traffic.Observe(running.Sum(group => group.Count()) - waiting, waiting);
        var traffic = runtime.Observation.Traffic.Read();
        var names = traffic.Adapters.Keys.Union(running.Select(group => group.Key)).Order(StringComparer.Ordinal);
        var response = new TrafficResponse(
            runtime.Time.GetUtcNow(),
            traffic.Rate.Requests,
            traffic.Rate.Tokens,
            now.RunningSequences,
            now.WaitingSequences,
            runtime.Options.Engine.MaxQueuedRequests,
            ledger.Refusals.Sum(refusal => refusal.Value),
            new TrafficLatency(traffic.FirstToken, traffic.OutputToken, traffic.Duration),
            new TrafficPrefixCache(now.PromptTokens, now.CachedPromptTokens),
            new TrafficKv(now.UsedBlocks, now.TotalBlocks),
            AdapterMemory.From(opened),
            [.. names.Select(name => Describe(name, traffic.Adapters.GetValueOrDefault(name), running[name]))],
            [.. traffic.Series.Select(point => new TrafficSecond(
                point.Time, point.Requests, point.Tokens, point.Running, point.Waiting, point.FirstTokenP95, point.OutputTokenP95))]);
        await context.WriteJsonAsync(StatusCodes.Status200OK, response, PatchbayJson.Wire.TrafficResponse);
        return null;
    }

    private static TrafficAdapter Describe(string name, TrafficRate rate, IEnumerable<AnswerWatch> running)
    {
        var waiting = running.Count(watch => watch.IsWaiting);
        return new TrafficAdapter(name, rate.Requests, rate.Tokens, running.Count() - waiting, waiting);
    }
}

/// <summary>What a console draws. Times in milliseconds, rates each second over the last ten.</summary>
internal sealed record TrafficResponse(
    DateTimeOffset Time,
    double RequestsPerSecond,
    double TokensPerSecond,
    int Running,
    int Waiting,
    int QueueLimit,
    long Rejected,
    TrafficLatency Latency,
    TrafficPrefixCache PrefixCache,
    TrafficKv Kv,
    AdapterMemory Memory,
    IReadOnlyList<TrafficAdapter> Adapters,
    IReadOnlyList<TrafficSecond> Series);

/// <summary>Percentiles of the last two minutes.</summary>
internal sealed record TrafficLatency(Percentiles TtftMs, Percentiles TpotMs, Percentiles E2eMs);

/// <summary>Prompt tokens that were looked up and found, since the start.</summary>
internal sealed record TrafficPrefixCache(long Queried, long Hit);

/// <summary>Blocks of keys and values.</summary>
internal sealed record TrafficKv(int UsedBlocks, int TotalBlocks);

/// <summary>One adapter's share.</summary>
internal sealed record TrafficAdapter(string Name, double RequestsPerSecond, double TokensPerSecond, int Running, int Waiting);

/// <summary>One second of the series.</summary>
internal sealed record TrafficSecond(
    [property: JsonPropertyName("t")] long Time,
    [property: JsonPropertyName("rps")] int Requests,
    [property: JsonPropertyName("tps")] int Tokens,
    int Running,
    int Waiting,
    [property: JsonPropertyName("ttft_p95")] double? FirstTokenP95,
    [property: JsonPropertyName("tpot_p95")] double? OutputTokenP95);
