namespace Patchbay.Control;

/// <summary>A name that people use for an adapter, and the version it stands for now.</summary>
/// <param name="Name">The name as callers write it.</param>
/// <param name="Digest">The version that answers under this name.</param>
/// <param name="Generation">1 for a new name, one more with every change of its digest.</param>
public sealed record AdapterAlias(string Name, VersionDigest Digest, long Generation);

/// <summary>What answers requests that name no model.</summary>
/// <param name="Target">The alias that answers; null is the base model.</param>
/// <param name="Generation">1 at start, one more whenever another version answers from then on.</param>
public sealed record DefaultAlias(AdapterAlias? Target, long Generation);
