using Patchbay.Control;
using Patchbay.Control.Routing;

namespace Patchbay.Server.Adapters;

/// <summary>
/// Names first, as the router reads them; a digest that no name stands for now may still be a kept version. Only strings with
/// <c>sha256:</c> that led nowhere come this far.
/// </summary>
internal static class VersionRouter
{
    public static Route Resolve(ModelRouter router, string? model, ControlSnapshot state)
    {
        var route = router.Resolve(model, state.Aliases);
        if (route.Kind != RouteKind.NotFound || model is null)
        {
            return route;
        }
        var digest = model.IndexOf(VersionDigest.Algorithm, StringComparison.Ordinal);
        if (digest < 0)
        {
            return route;
        }
        var digits = model[(digest + VersionDigest.Algorithm.Length)..];
        var name = digest == 0 ? null : NameOf(model[..digest], router.BaseName);
        return name is null ? FindAny(digits, state) : state.Adapters.TryGetValue(name, out var adapter) ? Find(adapter, digits) : route;
    }

    // What stands before the digest: a name and '@', perhaps behind the base's name and ':'.
    private static string? NameOf(string before, string baseName)
    {
        before = before.StartsWith($"{baseName}:", StringComparison.Ordinal) ? before[(baseName.Length + 1)..]
            : before.StartsWith("base:", StringComparison.Ordinal) ? before[5..] : before;
        return before.Length == 0 ? null : before.EndsWith('@') ? before[..^1] : before;
    }

    private static Route Find(AdapterRecord adapter, string digits) => adapter.Find(digits) switch
    {
        [var only] => new Route(RouteKind.Adapter, new AdapterAlias(adapter.Name, only.Digest, 0), 0),
        [] => new Route(RouteKind.NotFound, null, 0),
        _ => new Route(RouteKind.AmbiguousDigest, null, 0),
    };

    private static Route FindAny(string digits, ControlSnapshot state)
    {
        Route? found = null;
        foreach (var adapter in state.Adapters.Values.OrderBy(adapter => adapter.Name, StringComparer.Ordinal))
        {
            var route = Find(adapter, digits);
            if (route.Kind == RouteKind.AmbiguousDigest || (route.Alias is { } alias && found?.Alias is { } other && other.Digest != alias.Digest))
            {
                return new Route(RouteKind.AmbiguousDigest, null, 0);
            }
            found ??= route.Kind == RouteKind.Adapter ? route : null;
        }
        return found ?? new Route(RouteKind.NotFound, null, 0);
    }
}
