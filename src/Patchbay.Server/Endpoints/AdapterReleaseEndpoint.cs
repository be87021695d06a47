using Microsoft.AspNetCore.Http;
using Patchbay.Server.Adapters;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary><c>POST /admin/adapters/{name}/release</c> and <c>…/rollback</c>: another kept version answers from now on.</summary>
internal static class AdapterReleaseEndpoint
{
    public static Task<ApiError?> ReleaseAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(context, runtime, async (opened, fields) =>
    {
        var origin = AdminCall.OriginOf(context, fields);
        var expected = AdminCall.GenerationOf(fields);
        var digest = fields.Text("digest");
        if (digest is null && fields.Error is null)
        {
            fields.Report("digest", "'digest' is missing; name a version by sha256: and at least 8 of its digits.", "missing_required_parameter");
        }
        return fields.Error ?? await AnswerAsync(
            context, await opened.Commands.ReleaseAsync(AdminCall.NameOf(context), digest!, expected, origin, context.RequestAborted));
    });

    public static Task<ApiError?> RollbackAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(context, runtime, async (opened, fields) =>
    {
        var origin = AdminCall.OriginOf(context, fields);
        var expected = AdminCall.GenerationOf(fields);
        var digest = fields.Text("digest");
        return fields.Error ?? await AnswerAsync(
            context, await opened.Commands.RollbackAsync(AdminCall.NameOf(context), digest, expected, origin, context.RequestAborted));
    });

    private static async Task<ApiError?> AnswerAsync(HttpContext context, CommandAnswer<ReleasedVersion> answer)
    {
        if (answer.Value is not { } released)
        {
            return answer.Error;
        }
        var response = new ReleaseResponse(
            released.Alias.Name, released.Alias.Digest.ToString(), released.Alias.Generation, released.Previous?.ToString(),
            Math.Round(released.SwitchMilliseconds, 4));
        await context.WriteJsonAsync(StatusCodes.Status200OK, response, PatchbayJson.Wire.ReleaseResponse);
        return null;
    }
}
