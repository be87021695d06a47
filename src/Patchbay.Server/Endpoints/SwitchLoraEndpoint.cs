using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Patchbay.Control;
using Patchbay.Server.Adapters;
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
                return await SwitchAsync(context, opened.Adapters, body.Root);
            }
        }
        finally
        {
            runtime.End();
        }
    }

    private static async Task<ApiError?> SwitchAsync(HttpContext context, AdapterService adapters, JsonElement root)
    {
        if (!SwitchLoraRequest.TryRead(root, adapters.BaseName, out var request, out var error))
        {
            return error;
        }
        var result = await adapters.SwitchAsync(request.AdapterName, request.ExpectedGeneration, context.RequestAborted);
        switch (result.Outcome)
        {
            case SwitchOutcome.Unknown:
                return ApiError.NotFound(
                    $"No adapter is called '{request.AdapterName}'. Available: {ModelNotFound.List(adapters)}.", "adapter_name", "adapter_not_found");
            case SwitchOutcome.Refused:
                return new ApiError(StatusCodes.Status422UnprocessableEntity, "invalid_request_error", result.Problem!, "adapter_name", "adapter_refused");
            case SwitchOutcome.GenerationMismatch:
                var conflict = ApiError.WrongStatus(
                    StatusCodes.Status409Conflict,
                    $"The default is at generation {result.Current.Generation}, not {request.ExpectedGeneration}; look again before you switch.",
                    "generation_mismatch") with { Param = "expected_generation" };
                await context.WriteErrorAsync(conflict, result.Current.Generation);
                return null;
            default:
                await context.WriteJsonAsync(StatusCodes.Status200OK, SwitchLoraResponse.From(result), PatchbayJson.Wire.SwitchLoraResponse);
                return null;
        }
    }
}
