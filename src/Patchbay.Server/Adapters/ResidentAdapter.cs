using Patchbay.Control;
using Patchbay.Engine;

namespace Patchbay.Server.Adapters;

/// <summary>A version in memory, with its digest in the form that names carry.</summary>
internal sealed class ResidentAdapter
{
    /// <param name="version">As the engine loaded it.</param>
    /// <param name="loaded">When that was.</param>
    public ResidentAdapter(AdapterVersion version, DateTimeOffset loaded)
    {
        Version = version;
        Loaded = loaded;
        Digest = VersionDigest.TryParse(version.Digest.ToString(), out var digest)
            ? digest
            : throw new InvalidOperationException("The engine's digest is not sha256: and 64 hexadecimal digits.");
    }

    public AdapterVersion Version { get; }

    public DateTimeOffset Loaded { get; }

    public VersionDigest Digest { get; }
}
