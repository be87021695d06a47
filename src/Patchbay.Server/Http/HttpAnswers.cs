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

    public static Task WriteErrorAsync(this HttpContext context, ApiError error, long? generation = null)
    {
        var headers = context.Response.Headers;
        if (error.IsWorthRetrying)
        {
            // Clients that were refused together should not come back together.
            var spread = 1 + (uint)context.TraceIdentifier.GetHashCode(StringComparison.Ordinal) % 3;
            var seconds = Math.Ceiling(error.RetryAfter?.TotalSeconds ?? 1) - 1 + spread;
            headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }
        else
        {
            // OpenAI's clients repeat 409 and 5xx by themselves; the same request would be refused again.
            headers["x-should-retry"] = "false";
        }
        var body = new ErrorResponse(new ErrorBody(error.Message, error.Type, error.Param, error.Code)) { Generation = generation };
        return context.WriteJsonAsync(error.Status, body, PatchbayJson.Wire.ErrorResponse);
    }
}
