using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Patchbay.Control.Journal;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>
/// <c>GET /admin/audit</c>, <c>GET /admin/adapters/{name}/history</c> and <c>POST /admin/audit/verify</c>: what was done, and whether the
/// record of it is whole. Entries are sent in the very bytes over which their hashes are made.
/// </summary>
internal static class AuditEndpoint
{
    public static Task<ApiError?> ListAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(runtime, opened => WriteAsync(context, opened, null));

    public static Task<ApiError?> HistoryAsync(HttpContext context, PatchbayRuntime runtime) =>
        AdminCall.RunAsync(runtime, opened => WriteAsync(context, opened, AdminCall.NameOf(context)));

    public static Task<ApiError?> VerifyAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(runtime, async opened =>
    {
        var found = await AuditVerifier.VerifyAsync(opened.Adapters.Plane.Journal, context.RequestAborted);
        var response = new VerifyResponse(found.IsValid, found.Entries, found.Head, found.Problem, found.AtSequence);
        await context.WriteJsonAsync(StatusCodes.Status200OK, response, PatchbayJson.Wire.VerifyResponse);
        return null;
    });

    private static async Task<ApiError?> WriteAsync(HttpContext context, OpenedEngine opened, string? target)
    {
        var (before, beforeError) = AdminCall.NumberOf(context, "before");
        var (limit, limitError) = AdminCall.NumberOf(context, "limit");
        if ((beforeError ?? limitError) is { } wrong)
        {
            return wrong;
        }
        if (limit is < 1 or > AuditQuery.MaxLimit)
        {
            return ApiError.Invalid($"'limit' must be a whole number from 1 to {AuditQuery.MaxLimit}.", "limit", "invalid_value");
        }
        var query = new AuditQuery
        {
            Before = before,
            Limit = (int?)limit ?? 100,
            Actor = Text("actor"),
            Action = Text("action"),
            Target = target ?? Text("target"),
        };
        var page = await opened.Adapters.Plane.Journal.FindAsync(query, context.RequestAborted);
        await context.WriteBytesAsync(StatusCodes.Status200OK, "application/json", Write(page));
        return null;

        string? Text(string field) => context.Request.Query[field].ToString() is { Length: > 0 } text ? text : null;
    }

    private static ReadOnlyMemory<byte> Write(AuditPage page)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            foreach (var entry in page.Entries)
            {
                json.WriteRawValue(Encoding.UTF8.GetBytes(entry.Line), skipInputValidation: true);
            }
            json.WriteEndArray();
            json.WriteBoolean("has_more", page.HasMore);
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }
}

/// <summary>Whether the chain is whole.</summary>
internal sealed record VerifyResponse(bool Valid, long Entries, string Head, string? Problem, long? AtSeq);
