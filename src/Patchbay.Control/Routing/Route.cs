namespace Patchbay.Control.Routing;

/// <summary>What a request's model string leads to.</summary>
public enum RouteKind
{
    /// <summary>The base model without an adapter.</summary>
    Base,

    /// <summary>One adapter version.</summary>
    Adapter,

    /// <summary>Nothing has this name or digest.</summary>
    NotFound,

    /// <summary>Several versions begin with these digits.</summary>
    AmbiguousDigest,

    /// <summary>The digits after <c>sha256:</c> are too few, too many, or not hexadecimal.</summary>
    MalformedDigest,
}

/// <summary>Where a request goes. Only an <see cref="RouteKind.Adapter"/> has an alias.</summary>
/// <param name="Kind">What the model string led to.</param>
/// <param name="Alias">The alias that names the version.</param>
/// <param name="Generation">Of the alias (or of the default) that decided; 0 where the request itself named base or version.</param>
public readonly record struct Route(RouteKind Kind, AdapterAlias? Alias, long Generation);
