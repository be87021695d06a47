namespace Patchbay.Engine.Models;

/// <summary>How a family turns its heads, as far as the configuration does not say.</summary>
internal sealed record RotaryOptions
{
    /// <summary>Base of the frequencies.</summary>
    public double Theta { get; init; } = 10000;

    /// <summary>Share of a head that is turned.</summary>
    public double PartialFactor { get; init; } = 1;

    /// <summary>Whether a pair is (2i, 2i + 1) instead of (i, i + rotaryDim/2).</summary>
    public bool TurnsNeighbours { get; init; }

    /// <summary>The kind of layer, in families whose kinds have settings of their own.</summary>
    public string? LayerType { get; init; }
}
