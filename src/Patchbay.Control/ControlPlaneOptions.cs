namespace Patchbay.Control;

/// <summary>What an operator may set of the control plane.</summary>
public sealed record ControlPlaneOptions
{
    /// <summary>Versions that are kept per adapter; older ones go with the next upload unless they are in use.</summary>
    public int KeptVersions { get; init; } = 5;

    /// <summary>Most adapter names.</summary>
    public int MaxAdapters { get; init; } = 100_000;

    /// <summary>What the base model is called; no adapter may have this name.</summary>
    public string BaseName { get; init; } = "base";

    /// <summary>Whether running answers hold a version; asked before it is taken away.</summary>
    public Func<VersionDigest, bool> IsLeased { get; init; } = _ => false;
}
