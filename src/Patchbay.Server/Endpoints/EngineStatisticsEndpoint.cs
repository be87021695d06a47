using Microsoft.AspNetCore.Http;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary><c>GET /admin/engine</c>: what the engine does right now.</summary>
internal static class EngineStatisticsEndpoint
{
    public static async Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime)
    {
        if (runtime.Opened is not { } opened)
        {
            return ApiError.Unavailable("The server is still opening its model.", "not_ready");
        }
        var now = opened.Engine.Statistics;
        var response = new EngineStatisticsResponse(
            now.RunningSequences, now.WaitingSequences, now.UsedBlocks, now.TotalBlocks, now.Steps, now.PromptTokens, now.CachedPromptTokens,
            now.GeneratedTokens, now.Preemptions, now.ActiveLeases, now.RetiredVersions);
        await context.WriteJsonAsync(StatusCodes.Status200OK, response, PatchbayJson.Wire.EngineStatisticsResponse);
        return null;
    }
}

/// <summary>The engine's counters at one moment.</summary>
internal sealed record EngineStatisticsResponse(
    int RunningSequences,
    int WaitingSequences,
    int UsedBlocks,
    int TotalBlocks,
    long Steps,
    long PromptTokens,
    long CachedPromptTokens,
    long GeneratedTokens,
    long Preemptions,
    int ActiveLeases,
    int RetiredVersions);
