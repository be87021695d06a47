using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Patchbay.Server.Http;

/// <summary>The name under which caller, answer and log speak of one request.</summary>
internal static class RequestId
{
    public const string Header = "x-request-id";

    private const int MaxLength = 128;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.:+=");

    /// <summary>Takes over the caller's id where it is harmless in a header and a log line, else makes one.</summary>
    public static string Assign(HttpContext context)
    {
        var given = context.Request.Headers[Header].ToString();
        var id = given.Length is > 0 and <= MaxLength && !given.AsSpan().ContainsAnyExcept(Allowed)
            ? given
            : Guid.CreateVersion7().ToString("N");
        context.TraceIdentifier = id;
        context.Response.Headers[Header] = id;
        return id;
    }
}
