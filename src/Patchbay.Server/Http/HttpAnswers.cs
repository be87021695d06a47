using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Patchbay.Server.Http;

/// <summary>Writes whole JSON documents and error objects.</summary>
internal static class HttpAnswers
{
    public static Task WriteJsonAsync<T>(this HttpContext context, int status, T value, JsonTypeInfo<T> type) =>
        context.WriteBytesAsync(status, "application/json", JsonSerializer.SerializeToUtf8Bytes(value, type));

    public static async Task WriteBytesAsync(this HttpContext context, int status, string contentType, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        response.Headers.XContentTypeOptions = "nosniff";
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    /// <summary>A stream's last event where it fails: OpenAI's error object.</summary>
    public static ValueTask WriteErrorAsync(this SseWriter events, ApiError error) => events.WriteAsync(error, static (json, problem) =>
        JsonSerializer.Serialize(
            json, new ErrorResponse(new ErrorBody(problem.Message, problem.Type, problem.Param, problem.Code)), PatchbayJson.Wire.ErrorResponse));

    /// <summary>Writes an error: a ProblemDetails document on /admin, OpenAI's object elsewhere.</summary>
    public static Task WriteErrorAsync(this HttpContext context, ApiError error)
    {
        var headers = context.Response.Headers;
        if (error.IsWorthRetrying)
        {
            // Clients that were refused together should not come back together. Above two minutes they would not come back at all.
            var spread = 1 + (uint)context.TraceIdentifier.GetHashCode(StringComparison.Ordinal) % 3;
            var seconds = Math.Clamp((int)Math.Ceiling(error.RetryAfter?.TotalSeconds ?? 0), 0, 117) + spread;
            headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }
        else
        {
            // OpenAI's clients repeat 409 and 5xx by themselves; the same request would be refused again.
            headers["x-should-retry"] = "false";
        }
        if (context.Request.Path.StartsWithSegments("/admin"))
        {
            return context.WriteBytesAsync(
                error.Status, "application/problem+json", JsonSerializer.SerializeToUtf8Bytes(ProblemResponse.From(error), PatchbayJson.Wire.ProblemResponse));
        }
        var body = new ErrorResponse(new ErrorBody(error.Message, error.Type, error.Param, error.Code)) { Generation = error.Generation };
        return context.WriteJsonAsync(error.Status, body, PatchbayJson.Wire.ErrorResponse);
    }
}
