using Microsoft.AspNetCore.Http;
using Patchbay.Control.Routing;
using Patchbay.Server.Access;

namespace Patchbay.Server.Answers;

/// <summary>What plans may know of a request over HTTP.</summary>
internal static class RequestKey
{
    /// <summary>The header that names a conversation.</summary>
    public const string SessionHeader = "x-session-id";

    private static readonly HeaderLookup FindHeader = static (source, name) =>
        ((IHeaderDictionary)source).TryGetValue(name, out var value) ? value.ToString() : null;

    public static RouteKey Of(HttpContext context, string? user)
    {
        var headers = context.Request.Headers;
        var caller = Caller.Of(context);
        return new RouteKey(
            context.TraceIdentifier, user, headers.TryGetValue(SessionHeader, out var session) ? session.ToString() : null, caller.Name, caller.Tenant)
        {
            Headers = headers,
            FindHeader = FindHeader,
        };
    }
}
