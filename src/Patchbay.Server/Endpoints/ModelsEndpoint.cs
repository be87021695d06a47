using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Patchbay.Control;
using Patchbay.Control.Routing;
using Patchbay.Server.Answers;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary><c>GET /v1/models</c> and <c>GET /v1/models/{id}</c>: base and adapters as OpenAI and vLLM list them.</summary>
internal static class ModelsEndpoint
{
    public static async Task<ApiError?> ListAsync(HttpContext context, PatchbayRuntime runtime)
    {
        if (runtime.Opened is not { } opened)
        {
            return ApiError.Unavailable("The server is still opening its model.", "not_ready");
        }
        var cards = opened.Adapters.Aliases.Aliases
            .OrderBy(alias => alias.Name, StringComparer.Ordinal)
            .Select(alias => CardOf(alias, opened))
            .Prepend(CardOfBase(opened));
        await context.WriteJsonAsync(StatusCodes.Status200OK, new ModelList("list", [.. cards]), PatchbayJson.Wire.ModelList);
        return null;
    }

    public static async Task<ApiError?> GetAsync(HttpContext context, PatchbayRuntime runtime)
    {
        if (runtime.Opened is not { } opened)
        {
            return ApiError.Unavailable("The server is still opening its model.", "not_ready");
        }
        var id = context.GetRouteValue("id") as string;
        var route = opened.Adapters.Resolve(id);
        if (route.Kind is not (RouteKind.Base or RouteKind.Adapter))
        {
            return ModelNotFound.Describe(route.Kind, id, opened.Adapters);
        }
        var card = route.Alias is { } alias ? CardOf(alias, opened) : CardOfBase(opened);
        await context.WriteJsonAsync(StatusCodes.Status200OK, card, PatchbayJson.Wire.ModelCard);
        return null;
    }

    private static ModelCard CardOfBase(OpenedEngine opened) => new(
        opened.Adapters.BaseName, "model", opened.Opened.ToUnixTimeSeconds(), "patchbay", opened.Adapters.BaseName, null,
        opened.Engine.Model.ContextLength, null, null);

    // The root is the name again: where the files are is the operator's business.
    private static ModelCard CardOf(AdapterAlias alias, OpenedEngine opened) => new(
        alias.Name, "model", CreatedAt(alias, opened).ToUnixTimeSeconds(), "patchbay", alias.Name,
        opened.Adapters.BaseName, opened.Engine.Model.ContextLength, alias.Digest.ToString(), alias.Generation);

    private static DateTimeOffset CreatedAt(AdapterAlias alias, OpenedEngine opened) =>
        opened.Adapters.State.Adapters.TryGetValue(alias.Name, out var adapter) && adapter.TryGet(alias.Digest, out var version)
            ? version.Created
            : opened.Opened;
}

/// <summary>All models, the base first.</summary>
internal sealed record ModelList(string Object, IReadOnlyList<ModelCard> Data);

/// <summary>One model.</summary>
/// <param name="Id">What requests name.</param>
/// <param name="Object">Always <c>model</c>.</param>
/// <param name="Created">Seconds since 1970 at which its version came in.</param>
/// <param name="OwnedBy">Always <c>patchbay</c>.</param>
/// <param name="Root">The name again.</param>
/// <param name="Parent">The base model of an adapter.</param>
/// <param name="MaxModelLen">Tokens of prompt and answer together.</param>
/// <param name="Digest">The adapter's version.</param>
/// <param name="Generation">How often the name has changed its version, counted from 1.</param>
internal sealed record ModelCard(
    string Id, string Object, long Created, string OwnedBy, string Root, string? Parent, int MaxModelLen, string? Digest, long? Generation);
