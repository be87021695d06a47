using Patchbay.Control;

namespace Patchbay.Server.Adapters;

/// <summary>An adapter that a request leads to, in one state of the aliases.</summary>
/// <param name="Alias">Its name and version.</param>
/// <param name="Generation">Of the alias (or of the default) that decided; 0 where the request itself named the version.</param>
/// <param name="Weight">What its change of the weights is multiplied by.</param>
internal readonly record struct RoutedAdapter(AdapterAlias Alias, long Generation, float Weight)
{
    /// <summary>The arm of the alias's plan that chose the version; null where none did.</summary>
    public string? Arm { get; init; }

    /// <summary>A version that gets a copy of the request.</summary>
    public VersionDigest? Shadow { get; init; }
}
