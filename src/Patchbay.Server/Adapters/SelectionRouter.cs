using Patchbay.Control;
using Patchbay.Control.Routing;

namespace Patchbay.Server.Adapters;

/// <summary>Turns a selection into adapter versions, all of one state of the aliases.</summary>
internal static class SelectionRouter
{
    /// <summary>The order of <c>GET /lora-adapters</c>, in which a place names an adapter until one is loaded or unloaded.</summary>
    public static AdapterAlias[] InOrder(AliasSnapshot aliases) =>
        [.. aliases.Aliases.OrderBy(alias => alias.Name, StringComparer.Ordinal)];

    /// <summary>Finds every part; the result is without meaning where there is a problem.</summary>
    /// <param name="resolve">Reads a name in the same state as <paramref name="aliases"/>.</param>
    public static List<RoutedAdapter> Resolve(
        AdapterSelection selection, Func<string, Route> resolve, AliasSnapshot aliases, out SelectionProblem? problem)
    {
        var parts = new List<RoutedAdapter>(selection.Parts.Count);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var ordered = selection.Parts.Any(part => part.Name is null) ? InOrder(aliases) : [];
        foreach (var part in selection.Parts)
        {
            var route = part.Name is { } name ? resolve(name) : Find(part.Index, ordered);
            if (route.Alias is not { } alias || !seen.Add(alias.Name))
            {
                problem = new SelectionProblem(part, route.Kind);
                return parts;
            }
            // llama.cpp's clients list every adapter they know, those that shall not act with 0.
            if (part.Name is not null || part.Weight != 0)
            {
                parts.Add(new RoutedAdapter(alias, route.Generation, part.Weight));
            }
        }
        problem = null;
        return parts;
    }

    private static Route Find(int index, AdapterAlias[] ordered) => index < ordered.Length
        ? new Route(RouteKind.Adapter, ordered[index], ordered[index].Generation)
        : new Route(RouteKind.NotFound, null, 0);
}
