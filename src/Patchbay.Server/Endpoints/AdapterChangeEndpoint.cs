using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Patchbay.Control;
using Patchbay.Server.Adapters;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary><c>PATCH</c> and <c>DELETE</c> of an adapter, and <c>DELETE</c> of one of its versions.</summary>
internal static class AdapterChangeEndpoint
{
    public static Task<ApiError?> PatchAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(context, runtime, async (opened, fields) =>
    {
        var origin = AdminCall.OriginOf(context, fields);
        var priority = ReadPriority(fields);
        bool? isPinned = fields.TryGet("pinned", out _) ? fields.Flag("pinned") : null;
        if (isPinned is null && priority is null && fields.Error is null)
        {
            fields.Report("pinned", "Send 'pinned', 'priority' or both.", "missing_required_parameter");
        }
        if (fields.Error is { } wrong)
        {
            return wrong;
        }
        var name = AdminCall.NameOf(context);
        var answer = await opened.Commands.ConfigureAsync(name, isPinned, priority, origin, context.RequestAborted);
        return answer.Error ?? await AdminAdaptersEndpoint.WriteAsync(context, runtime, opened, name);
    });

    public static Task<ApiError?> DeleteAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(runtime, async opened =>
    {
        var (expected, error) = AdminCall.NumberOf(context, "expected_generation");
        var origin = AdminCall.OriginOf(context, out var wrong);
        if ((error ?? wrong) is { } problem)
        {
            return problem;
        }
        var name = AdminCall.NameOf(context);
        var answer = await opened.Commands.RemoveAsync(name, expected, origin!, context.RequestAborted);
        if (answer.Error is null)
        {
            runtime.Activity.Forget(name);
        }
        return await AnswerAsync(context, answer);
    });

    public static Task<ApiError?> DeleteVersionAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(runtime, async opened =>
    {
        var origin = AdminCall.OriginOf(context, out var wrong);
        var digest = (string)context.GetRouteValue("digest")!;
        return wrong ?? await AnswerAsync(
            context, await opened.Commands.RemoveVersionAsync(AdminCall.NameOf(context), digest, origin!, context.RequestAborted));
    });

    private static async Task<ApiError?> AnswerAsync(HttpContext context, CommandAnswer<CommandResult> answer)
    {
        if (answer.Value is not { } done)
        {
            return answer.Error;
        }
        var response = new RemovedResponse(AdminCall.NameOf(context), [.. done.Removed.Select(digest => digest.ToString())]);
        await context.WriteJsonAsync(StatusCodes.Status200OK, response, PatchbayJson.Wire.RemovedResponse);
        return null;
    }

    private static AdapterPriority? ReadPriority(RequestFields fields)
    {
        if (fields.Text("priority") is not { } word)
        {
            return null;
        }
        foreach (var priority in Enum.GetValues<AdapterPriority>())
        {
            if (AdapterState.Word(priority) == word)
            {
                return priority;
            }
        }
        fields.Report("priority", "'priority' must be low, normal, high or critical.");
        return null;
    }
}
