using System.Buffers;

namespace Patchbay.Control.Routing;

/// <summary>
/// Turns the model string of a request into base or adapter version. Knows the names of one base model; allocates
/// nothing and never throws, whatever the string holds.
/// </summary>
/// <param name="baseName">What the base model is called in requests.</param>
public sealed class ModelRouter(string baseName)
{
    /// <summary>Fewest digits that stand for a digest.</summary>
    public const int MinDigestDigits = 8;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary>What the base model is called in requests; <c>base</c> means it too.</summary>
    public string BaseName { get; } = baseName;

    /// <summary>Finds what answers to <paramref name="model"/> in the given state of the aliases.</summary>
    /// <param name="model">
    /// Null, empty or <c>default</c>; the base's name; an adapter's name, alone or after the base's name and a colon;
    /// either with <c>@sha256:</c> and digits of the version behind it; or <c>sha256:</c> and digits alone.
    /// </param>
    public Route Resolve(string? model, AliasSnapshot aliases)
    {
        if (string.IsNullOrEmpty(model) || model == "default")
        {
            var target = aliases.Default;
            return new Route(target.Target is null ? RouteKind.Base : RouteKind.Adapter, target.Target, target.Generation);
        }
        if (IsBase(model))
        {
            return new Route(RouteKind.Base, null, 0);
        }
        return ResolveAdapter(WithoutBase(model), aliases);
    }

    private bool IsBase(ReadOnlySpan<char> model) => model.SequenceEqual(BaseName) || model is "base";

    private ReadOnlySpan<char> WithoutBase(ReadOnlySpan<char> model)
    {
        if (model.Length > BaseName.Length && model[BaseName.Length] == ':' && model.StartsWith(BaseName, StringComparison.Ordinal))
        {
            return model[(BaseName.Length + 1)..];
        }
        return model.StartsWith("base:", StringComparison.Ordinal) ? model[5..] : model;
    }

    private static Route ResolveAdapter(ReadOnlySpan<char> adapter, AliasSnapshot aliases)
    {
        if (adapter.StartsWith(VersionDigest.Algorithm, StringComparison.Ordinal))
        {
            return ResolveDigest(adapter[VersionDigest.Algorithm.Length..], aliases);
        }
        var at = adapter.IndexOf('@');
        if (!aliases.TryGet(at < 0 ? adapter : adapter[..at], out var alias))
        {
            return new Route(RouteKind.NotFound, null, 0);
        }
        if (at < 0)
        {
            return new Route(RouteKind.Adapter, alias, alias.Generation);
        }
        var version = adapter[(at + 1)..];
        if (!version.StartsWith(VersionDigest.Algorithm, StringComparison.Ordinal) || !AreDigits(version[VersionDigest.Algorithm.Length..]))
        {
            return new Route(RouteKind.MalformedDigest, null, 0);
        }
        return alias.Digest.StartsWith(version[VersionDigest.Algorithm.Length..])
            ? new Route(RouteKind.Adapter, alias, alias.Generation)
            : new Route(RouteKind.NotFound, null, 0);
    }

    private static Route ResolveDigest(ReadOnlySpan<char> digits, AliasSnapshot aliases)
    {
        if (!AreDigits(digits))
        {
            return new Route(RouteKind.MalformedDigest, null, 0);
        }
        AdapterAlias? found = null;
        foreach (var alias in aliases.Aliases)
        {
            if (!alias.Digest.StartsWith(digits))
            {
                continue;
            }
            if (found is not null && found.Digest != alias.Digest)
            {
                return new Route(RouteKind.AmbiguousDigest, null, 0);
            }
            // Two names of one version: the answer is the same, its label should not depend on the order of a dictionary.
            found = found is null || string.CompareOrdinal(alias.Name, found.Name) < 0 ? alias : found;
        }
        return found is null ? new Route(RouteKind.NotFound, null, 0) : new Route(RouteKind.Adapter, found, 0);
    }

    private static bool AreDigits(ReadOnlySpan<char> digits) =>
        digits.Length is >= MinDigestDigits and <= VersionDigest.HexLength && !digits.ContainsAnyExcept(HexDigits);
}
