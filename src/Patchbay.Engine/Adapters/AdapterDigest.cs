using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Patchbay.Engine;

/// <summary>
/// The identity of an adapter version: SHA-256 over the raw SHA-256 digests of its files in the order of their names
/// (the root digest of the OpenSSF Model Signing specification, v1.0 §6). Written <c>sha256:</c> and 64 lower-case hex digits.
/// </summary>
public readonly struct AdapterDigest : IEquatable<AdapterDigest>
{
    private const string Prefix = "sha256:";
    private static readonly SearchValues<char> s_hexDigits = SearchValues.Create("0123456789abcdefABCDEF");
    private readonly string? _hex;

    private AdapterDigest(string hex) => _hex = hex;

    /// <summary>Reads <c>sha256:</c> and 64 hex digits; nothing else is a digest.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out AdapterDigest digest)
    {
        digest = default;
        if (text is null || text.Length != Prefix.Length + 64 || !text.StartsWith(Prefix, StringComparison.Ordinal)
            || text.AsSpan(Prefix.Length).ContainsAnyExcept(s_hexDigits))
        {
            return false;
        }

        digest = new AdapterDigest(text[Prefix.Length..].ToLowerInvariant());
        return true;
    }

    /// <summary>64 lower-case hex digits.</summary>
    public string Hex => _hex ?? new string('0', 64);

    /// <inheritdoc/>
    public override string ToString() => Prefix + Hex;

    /// <inheritdoc/>
    public bool Equals(AdapterDigest other) => Hex == other.Hex;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is AdapterDigest other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Hex.GetHashCode(StringComparison.Ordinal);

    /// <summary>Whether both name the same content.</summary>
    public static bool operator ==(AdapterDigest left, AdapterDigest right) => left.Equals(right);

    /// <summary>Whether they name different contents.</summary>
    public static bool operator !=(AdapterDigest left, AdapterDigest right) => !left.Equals(right);

    /// <summary>
    /// The identity of a weighted sum: of one version with weight 1 its own digest, else SHA-256 over the word
    /// <c>composition</c> and, in order, each version's 32 bytes and the 4 bytes of its weight (IEEE binary32, little-endian).
    /// </summary>
    public static AdapterDigest OfComposition(IReadOnlyList<(AdapterDigest Version, float Weight)> parts)
    {
        if (parts is [(var only, 1)])
        {
            return only;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("composition"u8);
        Span<byte> weightBytes = stackalloc byte[sizeof(float)];
        foreach (var (version, weight) in parts)
        {
            hash.AppendData(Convert.FromHexString(version.Hex));
            BinaryPrimitives.WriteSingleLittleEndian(weightBytes, weight);
            hash.AppendData(weightBytes);
        }

        return new AdapterDigest(Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>The digest over files, given by relative name and SHA-256.</summary>
    internal static AdapterDigest OfFiles(IEnumerable<(string Name, byte[] Sha256)> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (_, sha256) in files.OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            hash.AppendData(sha256);
        }

        return new AdapterDigest(Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
