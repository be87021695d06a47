using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Patchbay.Server.Answers;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>
/// <c>POST /switch-lora</c>: chooses what answers requests that name no model. Every later request uses the new adapter,
/// every running answer ends on the old one.
/// </summary>
internal static class SwitchLoraEndpoint
{
    public static async Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime)
    {
        if (!runtime.TryBegin(out var opened, out var unavailable))
        {
            return unavailable;
        }
        try
        {
            var (body, error) = await RequestBody.ReadAsync(context, runtime.Options.MaxRequestBytes);
            if (body is null)
            {
                return error;
            }
            using (body)
            {
                return await SwitchAsync(context, opened, body.Root);
            }
        }
        finally
        {
            runtime.End();
        }
    }

    private static async Task<ApiError?> SwitchAsync(HttpContext context, OpenedEngine opened, JsonElement root)
    {
        if (!SwitchLoraRequest.TryRead(root, opened.Adapters.BaseName, out var request, out var error))
        {
            return error;
        }
        var answer = await opened.Commands.SwitchAsync(
            request.AdapterName, request.ExpectedGeneration, RequestOrigin.Of(context), context.RequestAborted);
        if (answer.Value is { } switched)
        {
            await context.WriteJsonAsync(StatusCodes.Status200OK, SwitchLoraResponse.From(switched), PatchbayJson.Wire.SwitchLoraResponse);
            return null;
        }
        return answer.Error! switch
        {
            { Code: "adapter_not_found" } => ApiError.NotFound(
                $"No adapter is called '{request.AdapterName}'. Available: {ModelNotFound.List(opened.Adapters)}.", "adapter_name", "adapter_not_found"),
            { Code: "adapter_refused" } refused => refused with { Param = "adapter_name" },
            var other => other,
        };
    }
}
