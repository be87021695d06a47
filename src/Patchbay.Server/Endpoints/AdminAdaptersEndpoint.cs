using Microsoft.AspNetCore.Http;
using Patchbay.Server.Adapters;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary><c>GET /admin/adapters</c> and <c>GET /admin/adapters/{name}</c>: names, versions, tiers and memory.</summary>
internal static class AdminAdaptersEndpoint
{
    public static Task<ApiError?> ListAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(runtime, async opened =>
    {
        await context.WriteJsonAsync(StatusCodes.Status200OK, AdapterList.From(opened, runtime.Activity), PatchbayJson.Wire.AdapterList);
        return null;
    });

    public static Task<ApiError?> GetAsync(HttpContext context, PatchbayRuntime runtime) =>
        AdminCall.RunAsync(runtime, opened => WriteAsync(context, runtime, opened, AdminCall.NameOf(context)));

    /// <summary>Answers with the present state of one adapter.</summary>
    public static async Task<ApiError?> WriteAsync(HttpContext context, PatchbayRuntime runtime, OpenedEngine opened, string name)
    {
        var state = opened.Adapters.State;
        if (!state.Adapters.TryGetValue(name, out var adapter))
        {
            return CommandErrors.UnknownAdapter(name);
        }
        await context.WriteJsonAsync(StatusCodes.Status200OK, AdapterState.From(adapter, opened, state, runtime.Activity), PatchbayJson.Wire.AdapterState);
        return null;
    }
}
