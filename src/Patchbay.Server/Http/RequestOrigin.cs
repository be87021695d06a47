using Microsoft.AspNetCore.Http;
using Patchbay.Control;

namespace Patchbay.Server.Http;

/// <summary>Who gives a command over HTTP, for the audit chain.</summary>
internal static class RequestOrigin
{
    /// <summary>Of a request; without keys everybody is the same.</summary>
    /// <param name="reason">Why, in the caller's words.</param>
    public static CommandOrigin Of(HttpContext context, string? reason = null) => new("local", reason, context.TraceIdentifier);
}
