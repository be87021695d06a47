using Microsoft.AspNetCore.Http;
using Patchbay.Control;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>
/// <c>POST /admin/adapters/{name}/load</c> brings a version into memory ahead of its use, <c>…/unload</c> frees it; neither
/// changes what answers.
/// </summary>
internal static class AdapterMemoryEndpoint
{
    public static Task<ApiError?> LoadAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(context, runtime, async (opened, fields) =>
    {
        var origin = AdminCall.OriginOf(context, fields);
        var digest = fields.Text("digest");
        var (wait, error) = AdminCall.FlagOf(context, "wait", otherwise: false);
        if ((fields.Error ?? error) is { } wrong)
        {
            return wrong;
        }
        var name = AdminCall.NameOf(context);
        var answer = await opened.Commands.LoadAsync(name, digest, wait, origin, context.RequestAborted);
        return answer.Value is { } loaded
            ? await WriteAsync(context, opened, name, loaded.Digest, wait ? StatusCodes.Status200OK : StatusCodes.Status202Accepted)
            : answer.Error;
    });

    public static Task<ApiError?> UnloadAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(context, runtime, async (opened, fields) =>
    {
        var origin = AdminCall.OriginOf(context, fields);
        var digest = fields.Text("digest");
        if (fields.Error is { } wrong)
        {
            return wrong;
        }
        var name = AdminCall.NameOf(context);
        var answer = await opened.Commands.UnloadAsync(name, digest, origin, context.RequestAborted);
        return answer.Value is { } adapter
            ? await WriteAsync(context, opened, name, opened.Adapters.Aliases.TryGet(name, out var alias) ? alias.Digest : adapter.Versions[^1].Digest, StatusCodes.Status200OK)
            : answer.Error;
    });

    private static async Task<ApiError?> WriteAsync(HttpContext context, OpenedEngine opened, string name, VersionDigest digest, int status)
    {
        var resident = opened.Adapters.Residency.Find(digest);
        var response = new MemoryResponse(name, digest.ToString(), VersionState.Word(resident?.Tier), AdapterState.Milliseconds(resident?.LoadTime));
        await context.WriteJsonAsync(status, response, PatchbayJson.Wire.MemoryResponse);
        return null;
    }
}
