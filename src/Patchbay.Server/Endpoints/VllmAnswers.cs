using System.Text;
using Microsoft.AspNetCore.Http;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>Answers of vLLM's adapter endpoints, byte for byte.</summary>
internal static class VllmAnswers
{
    public static Task WriteSuccessAsync(HttpContext context, string name, string done) => context.WriteBytesAsync(
        StatusCodes.Status200OK, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes($"Success: LoRA adapter '{name}' {done} successfully."));

    public static Task WriteErrorAsync(HttpContext context, VllmError error)
    {
        // The OpenAI clients in front of such routes repeat 409 and 5xx; the same adapter would be refused again.
        context.Response.Headers["x-should-retry"] = "false";
        return context.WriteJsonAsync(error.Code, new VllmErrorResponse(error), PatchbayJson.Wire.VllmErrorResponse);
    }

    /// <summary>What vLLM says where our own check of the body refused it.</summary>
    public static VllmError Convert(ApiError error) => error switch
    {
        { Status: StatusCodes.Status415UnsupportedMediaType } =>
            VllmError.Validation("Unsupported Media Type: Only 'application/json' is allowed", null),
        { Code: "invalid_json" } => VllmError.Validation(
            $"{{'type': 'json_invalid', 'loc': 'body', 'msg': 'JSON decode error', 'ctx': {{'error': '{error.Message}'}}}}", "body"),
        _ => new VllmError(error.Message, "Bad Request", error.Param, error.Status),
    };
}
