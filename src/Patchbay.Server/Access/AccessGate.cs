using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Patchbay.Control.Access;
using Patchbay.Server.Http;

namespace Patchbay.Server.Access;

/// <summary>
/// Lets a request in or says why not: by its key where the server has keys, else by where it comes from, so that no web
/// page can act through the browser of somebody who may.
/// </summary>
internal sealed class AccessGate(KeyRing keys)
{
    private const string Scheme = "Bearer ";

    /// <summary>Whether callers need keys.</summary>
    public bool RequiresKeys => !keys.IsEmpty;

    /// <summary>Checks a request and remembers its caller; null lets it in.</summary>
    public ApiError? Check(HttpContext context, EndpointAccess access)
    {
        if (keys.IsEmpty)
        {
            context.Features.Set(Caller.Local);
            return IsFromElsewhere(context.Request)
                ? ApiError.WrongStatus(
                    StatusCodes.Status403Forbidden, "A page of another origin may not send this; call the server itself.", "cross_origin")
                : null;
        }
        if (access == EndpointAccess.Open)
        {
            return null;
        }
        if (keys.Find(SecretOf(context.Request)) is not { } key)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return ApiError.WrongStatus(
                StatusCodes.Status401Unauthorized, "This server needs a key: send it as 'Authorization: Bearer KEY'.", "invalid_api_key");
        }
        context.Features.Set(new Caller(key.Name, key.Role, key.Tenant));
        return Opens(key.Role, access)
            ? null
            : ApiError.WrongStatus(
                StatusCodes.Status403Forbidden, $"The key '{key.Name}' has the role {Name(key.Role)}, which does not open this address.", "wrong_role");
    }

    private static bool Opens(Role role, EndpointAccess access) => role == Role.Admin || access switch
    {
        EndpointAccess.Inference => role == Role.Inference,
        EndpointAccess.Viewer => role == Role.Viewer,
        EndpointAccess.AnyKey => true,
        _ => false,
    };

    private static string Name(Role role) => role.ToString().ToLowerInvariant();

    private static ReadOnlySpan<char> SecretOf(HttpRequest request)
    {
        var value = request.Headers.Authorization.ToString().AsSpan();
        return value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? value[Scheme.Length..].Trim() : default;
    }

    // Without keys the browser of a person at this machine would lend its reach to any page: such requests carry the page's
    // origin. Reading is shut by the same-origin policy, since no answer allows another origin.
    private static bool IsFromElsewhere(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
        {
            return false;
        }
        var origin = request.Headers[HeaderNames.Origin].ToString();
        return origin.Length > 0 && !origin.Equals($"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
    }
}
