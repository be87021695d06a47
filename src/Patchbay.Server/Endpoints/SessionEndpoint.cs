using System.Reflection;
using Microsoft.AspNetCore.Http;
using Patchbay.Server.Access;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary><c>GET /admin/session</c>: who the caller is, and what this server is.</summary>
internal static class SessionEndpoint
{
    private static readonly string Version =
        typeof(SessionEndpoint).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    public static async Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime)
    {
        var caller = Caller.Of(context);
        var served = runtime.Opened is { } opened
            ? new SessionBase(opened.Adapters.BaseName, opened.Engine.Model.Architecture, opened.Engine.Model.ContextLength, runtime.Options.Engine.Weights.ToString().ToLowerInvariant())
            : null;
        var session = new SessionResponse(
            caller.Name, caller.Role.ToString().ToLowerInvariant(), !runtime.Options.Keys.IsEmpty, Version, served,
            new SessionFeatures(Serves("/v1/feedback"), Serves("/v1/compare"), PromptsKept: runtime.Options.Answers.Prompts > TimeSpan.Zero));
        await context.WriteJsonAsync(StatusCodes.Status200OK, session, PatchbayJson.Wire.SessionResponse);
        return null;
    }

    private static bool Serves(string path) => PatchbayEndpoints.All.Any(endpoint => endpoint.Path == path);
}

/// <summary>What a console needs to know before it shows anything.</summary>
/// <param name="Actor">The caller's name in the audit.</param>
/// <param name="Role"><c>admin</c>, <c>viewer</c> or <c>inference</c>.</param>
/// <param name="KeysRequired">Whether callers need keys at all.</param>
/// <param name="Version">Of the program.</param>
/// <param name="Base">The model; null until it is open.</param>
/// <param name="Features">What this server can do.</param>
internal sealed record SessionResponse(
    string Actor, string Role, bool KeysRequired, string Version, SessionBase? Base, SessionFeatures Features);

/// <summary>The base model.</summary>
/// <param name="Weights">How weights are held, as it was asked for: <c>auto</c>, <c>native</c>, <c>q8</c> or <c>q4</c>.</param>
internal sealed record SessionBase(string Name, string Architecture, int ContextLength, string Weights);

/// <summary>What this server can do, so that nothing is offered that would be refused.</summary>
/// <param name="PromptsKept">Whether prompts are kept with answers: only where the operator says so.</param>
internal sealed record SessionFeatures(bool Feedback, bool Compare, bool PromptsKept);
