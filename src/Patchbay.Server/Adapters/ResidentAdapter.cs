using Patchbay.Control;
using Patchbay.Engine;

namespace Patchbay.Server.Adapters;

/// <summary>A version in memory, with its digest in both forms that the server needs.</summary>
internal sealed class ResidentAdapter
{
    /// <param name="version">As the engine loaded it.</param>
    /// <param name="loaded">When that was.</param>
    public ResidentAdapter(AdapterVersion version, DateTimeOffset loaded)
    {
        Version = version;
        Loaded = loaded;
        DigestText = version.Digest.ToString();
        Digest = VersionDigest.TryParse(DigestText, out var digest)
            ? digest
            : throw new InvalidOperationException("The engine's digest is not sha256: and 64 hexadecimal digits.");
    }

    public AdapterVersion Version { get; }

    public DateTimeOffset Loaded { get; }

    public string DigestText { get; }

    public VersionDigest Digest { get; }
}
