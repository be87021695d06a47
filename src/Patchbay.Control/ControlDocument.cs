using System.Collections.Immutable;

namespace Patchbay.Control;

/// <summary>A route, release or setting: JSON whose meaning others know.</summary>
/// <param name="Kind">One of <see cref="Journal.DocumentKind.Route"/>, <c>Release</c> and <c>Setting</c>.</param>
/// <param name="Key">The alias of a route, the id of a release, the name of a setting.</param>
/// <param name="Revision">1 for a new one, one more with every change; never repeats under one key.</param>
/// <param name="Json">A JSON value.</param>
/// <param name="References">Versions that must stay because of it.</param>
public sealed record ControlDocument(string Kind, string Key, long Revision, string Json, ImmutableArray<VersionDigest> References);
