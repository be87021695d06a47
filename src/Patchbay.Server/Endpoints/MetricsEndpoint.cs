using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Patchbay.Engine;
using Patchbay.Server.Adapters;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;
using Patchbay.Server.Observability;
using Patchbay.Server.Releases;

namespace Patchbay.Server.Endpoints;

/// <summary>
/// <c>GET /metrics</c> for Prometheus: Patchbay's own metrics, and those of vLLM's that Kubernetes' inference gateways read
/// (gateway-api-inference-extension, model server protocol).
/// </summary>
internal static class MetricsEndpoint
{
    private const int BlockTokens = 16;

    public static async Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime)
    {
        var text = new PrometheusText();
        var observation = runtime.Observation;
        observation.Metrics.Write(text);
        text.Family("patchbay_refusals_total", "counter", "Requests that got an error instead of an answer.");
        foreach (var (reason, count) in observation.Ledger.Refusals.OrderBy(refusal => refusal.Key, StringComparer.Ordinal))
        {
            text.Sample(count, [("reason", reason)]);
        }
        if (runtime.Opened is { } opened)
        {
            WriteEngine(text, opened.Engine.Statistics);
            WriteGateway(text, runtime);
            AdapterMetrics.Write(text, opened.Adapters);
            ReleaseMetrics.Write(text, opened.Releases);
            text.Family("patchbay_answers_lost_total", "counter", "Answers and ratings that the log of answers could not keep.").Sample(opened.Answers.Lost);
        }
        await context.WriteBytesAsync(
            StatusCodes.Status200OK, "text/plain; version=0.0.4; charset=utf-8", Encoding.UTF8.GetBytes(text.ToString()));
        return null;
    }

    private static void WriteEngine(PrometheusText text, EngineStatistics now)
    {
        text.Family("patchbay_steps_total", "counter", "Forward passes.").Sample(now.Steps);
        text.Family("patchbay_generated_tokens_total", "counter", "Tokens that the engine made.").Sample(now.GeneratedTokens);
        text.Family("patchbay_preemptions_total", "counter", "Times that a sequence was computed anew.").Sample(now.Preemptions);
        text.Family("patchbay_prefix_cache_queried_tokens_total", "counter", "Prompt tokens that were looked up.").Sample(now.PromptTokens);
        text.Family("patchbay_prefix_cache_hit_tokens_total", "counter", "Prompt tokens that were found.").Sample(now.CachedPromptTokens);
        text.Family("patchbay_retired_versions", "gauge", "Versions kept only for answers that still run on them.").Sample(now.RetiredVersions);
        text.Family("vllm:num_requests_running", "gauge", "Sequences that hold keys and values.").Sample(now.RunningSequences);
        text.Family("vllm:num_requests_waiting", "gauge", "Requests that wait.").Sample(now.WaitingSequences);
        text.Family("vllm:kv_cache_usage_perc", "gauge", "Share of blocks in use, 0 to 1.").Sample(now.TotalBlocks == 0 ? 0 : (double)now.UsedBlocks / now.TotalBlocks);
        text.Family("vllm:cache_config_info", "gauge", "Size of a block in tokens and number of blocks.").Sample(
            1, [("block_size", Show(BlockTokens)), ("num_gpu_blocks", Show(now.TotalBlocks))]);
    }

    // The value is the time of the sample: gateways take the newest. https://github.com/kubernetes-sigs/gateway-api-inference-extension
    private static void WriteGateway(PrometheusText text, PatchbayRuntime runtime)
    {
        SortedSet<string> running = new(StringComparer.Ordinal), waiting = new(StringComparer.Ordinal);
        foreach (var watch in runtime.Observation.Ledger.Running.Where(watch => watch.Source.Digest is not null))
        {
            (watch.IsWaiting ? waiting : running).Add(watch.Source.Adapter);
        }
        text.Family("vllm:lora_requests_info", "gauge", "Adapters of running and waiting requests; the value is the time.").Sample(
            runtime.Time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0,
            [
                ("max_lora", Show(runtime.Options.MaxAdapters)),
                ("running_lora_adapters", string.Join(',', running)),
                ("waiting_lora_adapters", string.Join(',', waiting)),
            ]);
    }

    private static string Show(int value) => value.ToString(CultureInfo.InvariantCulture);
}
