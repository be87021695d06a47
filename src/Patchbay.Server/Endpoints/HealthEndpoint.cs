using Microsoft.AspNetCore.Http;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary><c>GET /health</c>: the process is alive.</summary>
internal static class HealthEndpoint
{
    public static async Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime)
    {
        await context.WriteJsonAsync(StatusCodes.Status200OK, new StateResponse("ok"), PatchbayJson.Wire.StateResponse);
        return null;
    }
}

/// <summary>A state in one word.</summary>
internal sealed record StateResponse(string Status);
