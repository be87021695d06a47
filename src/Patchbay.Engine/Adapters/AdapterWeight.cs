namespace Patchbay.Engine;

/// <summary>One adapter version in a weighted sum.</summary>
/// <param name="Lease">The right to run on it; the engine takes it over.</param>
/// <param name="Weight">Its factor; 1 is as it was trained, 0 and negative ones are possible.</param>
public readonly record struct AdapterWeight(AdapterLease Lease, float Weight);
