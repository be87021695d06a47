using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Patchbay.Control;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>What the routes under /admin have in common: they need the engine, read an optional body, and take their reason from body or query.</summary>
internal static class AdminCall
{
    private const int MaxReason = 4096;

    /// <summary>Runs while the engine is open and keeps it open meanwhile.</summary>
    public static async Task<ApiError?> RunAsync(PatchbayRuntime runtime, Func<OpenedEngine, Task<ApiError?>> act)
    {
        if (!runtime.TryBegin(out var opened, out var unavailable))
        {
            return unavailable;
        }
        try
        {
            return await act(opened);
        }
        finally
        {
            runtime.End();
        }
    }

    /// <summary>Runs with the fields of the body; no body is an empty object.</summary>
    public static Task<ApiError?> RunAsync(
        HttpContext context, PatchbayRuntime runtime, Func<OpenedEngine, RequestFields, Task<ApiError?>> act) => RunAsync(runtime, async opened =>
    {
        if (context.Request.ContentLength is null or 0 && !context.Request.Headers.ContainsKey("transfer-encoding"))
        {
            using var empty = JsonDocument.Parse("{}");
            return await act(opened, new RequestFields(empty.RootElement));
        }
        var (body, error) = await RequestBody.ReadAsync(context, runtime.Options.MaxRequestBytes);
        using (body)
        {
            return body is null ? error : await act(opened, new RequestFields(body.Root));
        }
    });

    /// <summary>The name in the address; the one character that routing leaves escaped is a slash, which no name may have.</summary>
    public static string NameOf(HttpContext context) =>
        ((string)context.GetRouteValue("name")!).Replace("%2f", "/", StringComparison.OrdinalIgnoreCase);

    /// <summary>Who asks and why; a reason that is too long is reported.</summary>
    public static CommandOrigin OriginOf(HttpContext context, RequestFields fields)
    {
        var reason = fields.Text("reason");
        if (reason?.Length > MaxReason)
        {
            fields.Report("reason", $"'reason' has at most {MaxReason} characters.");
        }
        return RequestOrigin.Of(context, reason);
    }

    /// <summary>Who asks, with the reason of the query; null where it is too long.</summary>
    public static CommandOrigin? OriginOf(HttpContext context, out ApiError? error)
    {
        var reason = context.Request.Query["reason"].ToString();
        error = reason.Length > MaxReason ? ApiError.Invalid($"'reason' has at most {MaxReason} characters.", "reason", "invalid_value") : null;
        return error is null ? RequestOrigin.Of(context, reason.Length == 0 ? null : reason) : null;
    }

    /// <summary>A whole number of the query; null where it is absent, an error where it is none.</summary>
    public static (long? Number, ApiError? Error) NumberOf(HttpContext context, string field)
    {
        if (context.Request.Query[field].ToString() is not { Length: > 0 } text)
        {
            return (null, null);
        }
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (number, null)
            : (null, ApiError.Invalid($"'{field}' must be a whole number, 0 or more.", field, "invalid_value"));
    }

    /// <summary>A truth value of the query.</summary>
    public static (bool Flag, ApiError? Error) FlagOf(HttpContext context, string field, bool otherwise) =>
        context.Request.Query[field].ToString() switch
        {
            "" => (otherwise, null),
            "true" => (true, null),
            "false" => (false, null),
            _ => (otherwise, ApiError.Invalid($"'{field}' must be true or false.", field, "invalid_value")),
        };

    /// <summary>The generation that a caller last saw, from a body.</summary>
    public static long? GenerationOf(RequestFields fields)
    {
        if (!fields.TryGet("expected_generation", out var value))
        {
            return null;
        }
        if (RequestFields.TryGetWhole(value, out var number) && number >= 0)
        {
            return number;
        }
        fields.Expect("expected_generation", "a whole number, 0 or more", value);
        return null;
    }

    /// <summary>A time as the API writes it: RFC 3339, UTC, milliseconds.</summary>
    public static string Show(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
