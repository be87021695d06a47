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
            now.RunningSequences, now.WaitingSequences, now.KvBlocksUsed, now.KvBlocksTotal, now.PrefixHits, now.Leases);
        await context.WriteJsonAsync(StatusCodes.Status200OK, response, PatchbayJson.Wire.EngineStatisticsResponse);
        return null;
    }
}

/// <summary>The engine's counters at one moment.</summary>
internal sealed record EngineStatisticsResponse(
    int RunningSequences, int WaitingSequences, int KvBlocksUsed, int KvBlocksTotal, long PrefixHits, int Leases);
