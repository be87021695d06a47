using Microsoft.AspNetCore.Http;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary><c>GET /ready</c>: 200 while requests are answered, 503 while the model is opened and while the server stops.</summary>
internal static class ReadyEndpoint
{
    public static async Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime)
    {
        var (status, word) = runtime.State switch
        {
            ServerState.Ready => (StatusCodes.Status200OK, "ready"),
            ServerState.Draining => (StatusCodes.Status503ServiceUnavailable, "draining"),
            ServerState.Failed => (StatusCodes.Status503ServiceUnavailable, "failed"),
            _ => (StatusCodes.Status503ServiceUnavailable, "opening"),
        };
        await context.WriteJsonAsync(status, new StateResponse(word), PatchbayJson.Wire.StateResponse);
        return null;
    }
}
