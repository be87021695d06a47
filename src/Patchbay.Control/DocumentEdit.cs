using System.Collections.Immutable;

namespace Patchbay.Control;

/// <summary>A route, release or setting as it will be after a command.</summary>
/// <param name="Kind">One of <see cref="Journal.DocumentKind.Route"/>, <c>Release</c> and <c>Setting</c>.</param>
/// <param name="Key">The alias of a route, the id of a release, the name of a setting.</param>
/// <param name="Json">A JSON value; null takes the document away.</param>
public sealed record DocumentEdit(string Kind, string Key, string? Json)
{
    /// <summary>Versions that must stay because of it; all of them have to be registered.</summary>
    public ImmutableArray<VersionDigest> References { get; init; } = [];

    /// <summary>The revision the caller last saw; 0 says that it is new. Null does not check.</summary>
    public long? ExpectedRevision { get; init; }
}
