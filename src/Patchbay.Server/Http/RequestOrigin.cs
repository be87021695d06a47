using Microsoft.AspNetCore.Http;
using Patchbay.Control;
using Patchbay.Server.Access;

namespace Patchbay.Server.Http;

/// <summary>Who gives a command over HTTP, for the audit chain.</summary>
internal static class RequestOrigin
{
    /// <summary>Of a request that the gate has let in.</summary>
    /// <param name="reason">Why, in the caller's words.</param>
    public static CommandOrigin Of(HttpContext context, string? reason = null) => new(Caller.Of(context).Name, reason, context.TraceIdentifier);
}
