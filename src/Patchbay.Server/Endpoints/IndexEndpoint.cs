using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary><c>GET /</c>: what this server is and where things are; a browser is sent to the console.</summary>
internal static class IndexEndpoint
{
    public static async Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime)
    {
        var adapters = runtime.Opened?.Adapters;
        var index = new IndexResponse(
            "patchbay",
            adapters?.BaseName,
            adapters?.Aliases.Aliases.Select(alias => alias.Name).Order(StringComparer.Ordinal).ToArray() ?? [],
            adapters?.Aliases.Default.Target?.Name,
            [.. PatchbayEndpoints.All.Select(endpoint => $"{endpoint.Method} {endpoint.Path}")]);
        await context.WriteJsonAsync(StatusCodes.Status200OK, index, PatchbayJson.Wire.IndexResponse);
        return null;
    }

    /// <summary>Sends browsers to the console, which asks for a key by itself; programs get to the index.</summary>
    public static RequestDelegate BehindConsole(RequestDelegate index) => context =>
    {
        if (!ConsoleFiles.AreBuiltIn || !context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
        {
            return index(context);
        }
        context.Response.Headers.Vary = HeaderNames.Accept;
        context.Response.Redirect(ConsoleEndpoint.Path);
        return Task.CompletedTask;
    };
}

/// <summary>An overview for people who open the address in a browser.</summary>
/// <param name="Name">The program.</param>
/// <param name="Base">What the base model is called; null until it is open.</param>
/// <param name="Adapters">The adapters' names.</param>
/// <param name="Default">The adapter that answers requests which name no model; null is the base.</param>
/// <param name="Endpoints">Method and path of every endpoint.</param>
internal sealed record IndexResponse(string Name, string? Base, IReadOnlyList<string> Adapters, string? Default, IReadOnlyList<string> Endpoints);
