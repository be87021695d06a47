using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Patchbay.Control.Releases;
using Patchbay.Server.Adapters;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary><c>/admin/releases</c>: gradual releases and A/B tests, and what operators do to them.</summary>
internal static class ReleasesEndpoint
{
    public static Task<ApiError?> ListAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(runtime, async opened =>
    {
        var conductor = opened.Releases.Conductor;
        var response = new ReleaseListResponse("list", [.. conductor.List().Select(release => ReleaseResponseBody.From(release, conductor))]);
        await context.WriteJsonAsync(StatusCodes.Status200OK, response, PatchbayJson.Wire.ReleaseListResponse);
        return null;
    });

    public static Task<ApiError?> GetAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(runtime, async opened =>
        await WriteAsync(context, opened, opened.Releases.Conductor.Find(IdOf(context)), StatusCodes.Status200OK));

    public static Task<ApiError?> StartAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(context, runtime, async (opened, fields) =>
    {
        if (ReleaseJson.ReadSpec(fields.Root, out var wrong) is not { } spec)
        {
            return RouteErrors.Refused("release_refused", "The release cannot be read.", [wrong!]);
        }
        var origin = AdminCall.OriginOf(context, fields);
        if (fields.Error is { } error)
        {
            return error;
        }
        var answer = await opened.Releases.StartAsync(spec, origin, context.RequestAborted);
        return answer switch
        {
            { Problems.Count: > 0 } => RouteErrors.Refused("release_refused", "The release cannot start.", answer.Problems),
            { Refusal: { } refusal } => CommandErrors.From(refusal, spec.Alias),
            _ => await WriteAsync(context, opened, answer.Release, StatusCodes.Status201Created),
        };
    });

    public static Task<ApiError?> PromoteAsync(HttpContext context, PatchbayRuntime runtime) => OrderAsync(context, runtime, ReleaseOrder.Promote);

    public static Task<ApiError?> PauseAsync(HttpContext context, PatchbayRuntime runtime) => OrderAsync(context, runtime, ReleaseOrder.Pause);

    public static Task<ApiError?> ResumeAsync(HttpContext context, PatchbayRuntime runtime) => OrderAsync(context, runtime, ReleaseOrder.Resume);

    public static Task<ApiError?> AbortAsync(HttpContext context, PatchbayRuntime runtime) => OrderAsync(context, runtime, ReleaseOrder.Abort);

    private static Task<ApiError?> OrderAsync(HttpContext context, PatchbayRuntime runtime, ReleaseOrder order) =>
        AdminCall.RunAsync(context, runtime, async (opened, fields) =>
        {
            var origin = AdminCall.OriginOf(context, fields);
            if (fields.Error is { } error)
            {
                return error;
            }
            var (id, conductor) = (IdOf(context), opened.Releases.Conductor);
            if (conductor.Find(id) is { IsOver: true } ended)
            {
                return CommandErrors.Problem(StatusCodes.Status409Conflict, "release_over", $"Release {id} is over: {ended.EndReason}");
            }
            var answer = await conductor.OrderAsync(id, order, origin, context.RequestAborted);
            return answer.Refusal is { } refusal
                ? CommandErrors.From(refusal, answer.Release?.Spec.Alias)
                : await WriteAsync(context, opened, answer.Release, StatusCodes.Status200OK);
        });

    private static async Task<ApiError?> WriteAsync(HttpContext context, OpenedEngine opened, Release? release, int status)
    {
        if (release is null)
        {
            return CommandErrors.Problem(StatusCodes.Status404NotFound, "release_not_found", "No release has this id.");
        }
        await context.WriteJsonAsync(status, ReleaseResponseBody.From(release, opened.Releases.Conductor), PatchbayJson.Wire.ReleaseResponseBody);
        return null;
    }

    private static string IdOf(HttpContext context) => (string)context.GetRouteValue("id")!;
}
