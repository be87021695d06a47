using Patchbay.Engine;

namespace Patchbay.Server.Adapters;

/// <summary>
/// An own check at the door: registered with the host's services, asked for every new version after it was parsed and probed and
/// before anyone can use it.
/// </summary>
public interface IAdapterCheck
{
    /// <summary>Looks at a version; throwing refuses it like a problem does.</summary>
    /// <returns>Why it is refused, in one sentence; null accepts it.</returns>
    Task<string?> FindProblemAsync(AdapterCandidate candidate, CancellationToken cancellation);
}

/// <summary>A version at the door.</summary>
/// <param name="Name">The name it is to have.</param>
/// <param name="Directory">Where its files are; read-only.</param>
/// <param name="Version">What it holds.</param>
public sealed record AdapterCandidate(string Name, string Directory, AdapterVersion Version);
