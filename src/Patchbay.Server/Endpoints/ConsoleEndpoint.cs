using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>
/// <c>GET /console/…</c>: the web console. It is the same for everybody and holds no secret, so it needs no key; what it
/// shows comes from the API, which does.
/// </summary>
internal static class ConsoleEndpoint
{
    /// <summary>Where the console is.</summary>
    public const string Path = "/console/";

    // Nothing inline, nothing from elsewhere, in no frame, and no string may become markup except by Svelte's own templates.
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        + "require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

    private static readonly string[] Smallest = ["br", "gzip"];

    public static async Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=()";
        if (!ConsoleFiles.AreBuiltIn)
        {
            return ApiError.WrongStatus(
                StatusCodes.Status503ServiceUnavailable,
                "The console is not part of this program: npm was missing when it was built. Install Node.js 20.19 or later and build again.",
                "console_not_built");
        }
        var path = context.Request.RouteValues["path"] as string ?? "";
        if (Find(path) is not { } file)
        {
            return ApiError.NotFound("The console has no such file; reload the page.", null, "unknown_url");
        }
        await SendAsync(context, file);
        return null;
    }

    // The console has pages at paths of its own, and an adapter's name may look like a file's.
    private static ConsoleFile? Find(string path) =>
        ConsoleFiles.Find(path) ?? (path.StartsWith(ConsoleFiles.HashedFolder, StringComparison.Ordinal) ? null : ConsoleFiles.Index);

    private static async Task SendAsync(HttpContext context, ConsoleFile file)
    {
        var (encoding, content) = file.Choose(Accepted(context.Request));
        var response = context.Response;
        var tag = file.Tag(encoding);
        response.Headers.ETag = tag;
        response.Headers.CacheControl = file.CacheControl;
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (context.Request.Headers.IfNoneMatch.ToString().Contains(tag, StringComparison.Ordinal))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        if (encoding != "identity")
        {
            response.Headers.ContentEncoding = encoding;
        }
        response.ContentType = file.ContentType;
        response.ContentLength = content.Length;
        await response.Body.WriteAsync(content, context.RequestAborted);
    }

    // A quality of zero is a refusal.
    private static IEnumerable<string> Accepted(HttpRequest request)
    {
        var given = request.GetTypedHeaders().AcceptEncoding;
        return Smallest.Where(encoding => given.Any(value =>
            value.Quality is not 0 && value.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase)));
    }
}
