using Microsoft.AspNetCore.Http;
using Patchbay.Server.Adapters;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>
/// <c>GET /lora-adapters</c> of llama.cpp: what the ids in a request's <c>lora</c> mean. Its POST is missing on purpose: scales for
/// everybody would change what a name answers, which only <c>/switch-lora</c> does.
/// </summary>
internal static class LoraAdaptersEndpoint
{
    public static async Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime)
    {
        if (runtime.Opened is not { } opened)
        {
            return ApiError.Unavailable("The server is still opening its model.", "not_ready");
        }
        var aliases = opened.Adapters.Aliases;
        var answering = aliases.Default.Target?.Name;
        var scales = SelectionRouter.InOrder(aliases).Select((alias, id) => new LoraAdapterScale(id, alias.Name, alias.Name == answering ? 1 : 0));
        await context.WriteJsonAsync(StatusCodes.Status200OK, scales.ToArray(), PatchbayJson.Wire.LoraAdapterScaleArray);
        return null;
    }
}

/// <summary>One adapter of the list.</summary>
/// <param name="Id">Its place in the order of names.</param>
/// <param name="Path">Its name: where the files are is the operator's business.</param>
/// <param name="Scale">1 for what answers requests that name no model, else 0.</param>
internal sealed record LoraAdapterScale(int Id, string Path, float Scale);
