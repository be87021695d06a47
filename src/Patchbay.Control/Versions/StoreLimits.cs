namespace Patchbay.Control.Versions;

/// <summary>What one adapter version may have at most.</summary>
public sealed record StoreLimits
{
    /// <summary>Files of one version.</summary>
    public int MaxFiles { get; init; } = 64;

    /// <summary>Bytes of all its files.</summary>
    public long MaxBytes { get; init; } = 8L << 30;

    /// <summary>UTF-8 bytes of one part of a path.</summary>
    public int MaxNameBytes { get; init; } = 255;

    /// <summary>Parts of a path.</summary>
    public int MaxDepth { get; init; } = 8;

    /// <summary>Bytes that one compressed byte may become, beyond the first 16 MiB.</summary>
    public int MaxExpansion { get; init; } = 50;
}
