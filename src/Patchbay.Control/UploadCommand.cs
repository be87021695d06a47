namespace Patchbay.Control;

/// <summary>Registers a stored version under a name and, unless told otherwise, lets it answer at once.</summary>
/// <param name="Name">The adapter's name; made if there is none.</param>
/// <param name="Version">What is registered; its files are in the store.</param>
public sealed record UploadCommand(string Name, RegisteredVersion Version)
{
    /// <summary>Whether it answers from now on.</summary>
    public bool Release { get; init; } = true;

    /// <summary>The alias's generation that the caller last saw; 0 says that the name is new. Null does not check.</summary>
    public long? ExpectedGeneration { get; init; }
}

/// <summary>Lets a registered version answer under a name, together with documents that change in the same moment.</summary>
/// <param name="Name">The adapter's name.</param>
/// <param name="Digest">The version that answers from now on.</param>
public sealed record ReleaseCommand(string Name, VersionDigest Digest)
{
    /// <summary>The alias's generation that the caller last saw; 0 says that it has none. Null does not check.</summary>
    public long? ExpectedGeneration { get; init; }

    /// <summary>How the audit calls it.</summary>
    public string Action { get; init; } = "adapter.release";

    /// <summary>Routes and releases that change with it.</summary>
    public IReadOnlyList<DocumentEdit> Documents { get; init; } = [];
}
