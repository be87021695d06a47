using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Patchbay.Control;

/// <summary>
/// The identity of an adapter version: the SHA-256 root digest over its files. Holds 32 bytes and nothing else, so no
/// text of a caller (a path, say) survives in it.
/// </summary>
public readonly struct VersionDigest : IEquatable<VersionDigest>
{
    /// <summary>What every written digest begins with.</summary>
    public const string Algorithm = "sha256:";

    /// <summary>Hexadecimal digits of a whole digest.</summary>
    public const int HexLength = 64;

    // Big-endian, so that the first hexadecimal digit is the highest nibble of _a.
    private readonly ulong _a, _b, _c, _d;

    /// <summary>Takes the 32 bytes of a SHA-256 hash.</summary>
    /// <exception cref="ArgumentException">There are not exactly 32 bytes.</exception>
    public VersionDigest(ReadOnlySpan<byte> hash)
    {
        if (hash.Length != 32)
        {
            throw new ArgumentException($"A SHA-256 digest has 32 bytes; got {hash.Length}.", nameof(hash));
        }
        _a = BinaryPrimitives.ReadUInt64BigEndian(hash);
        _b = BinaryPrimitives.ReadUInt64BigEndian(hash[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(hash[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(hash[24..]);
    }

    /// <summary>The first twelve hexadecimal digits: enough for people, not an identity.</summary>
    public string Abbreviation => ToString().Substring(Algorithm.Length, 12);

    /// <summary>Reads <c>sha256:</c> and 64 hexadecimal digits of either case; anything else is no digest.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out VersionDigest digest)
    {
        digest = default;
        Span<byte> hash = stackalloc byte[32];
        if (text.Length != Algorithm.Length + HexLength || !text.StartsWith(Algorithm, StringComparison.Ordinal)
            || Convert.FromHexString(text[Algorithm.Length..], hash, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }
        digest = new VersionDigest(hash);
        return true;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, out VersionDigest)"/>
    public static bool TryParse([NotNullWhen(true)] string? text, out VersionDigest digest) => TryParse(text.AsSpan(), out digest);

    /// <summary>Whether the digest begins with these hexadecimal digits; false for a digit that is none.</summary>
    public bool StartsWith(ReadOnlySpan<char> hexDigits)
    {
        if (hexDigits.Length > HexLength)
        {
            return false;
        }
        for (var i = 0; i < hexDigits.Length; i++)
        {
            var word = (i / 16) switch { 0 => _a, 1 => _b, 2 => _c, _ => _d };
            var nibble = (int)(word >> (60 - i % 16 * 4)) & 15;
            if (char.ToLowerInvariant(hexDigits[i]) != "0123456789abcdef"[nibble])
            {
                return false;
            }
        }
        return true;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        Span<byte> hash = stackalloc byte[32];
        BinaryPrimitives.WriteUInt64BigEndian(hash, _a);
        BinaryPrimitives.WriteUInt64BigEndian(hash[8..], _b);
        BinaryPrimitives.WriteUInt64BigEndian(hash[16..], _c);
        BinaryPrimitives.WriteUInt64BigEndian(hash[24..], _d);
        return string.Concat(Algorithm, Convert.ToHexStringLower(hash));
    }

    /// <inheritdoc/>
    public bool Equals(VersionDigest other) => _a == other._a && _b == other._b && _c == other._c && _d == other._d;

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is VersionDigest other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)_a ^ (int)(_a >> 32);

    /// <summary>Whether both are the same version.</summary>
    public static bool operator ==(VersionDigest left, VersionDigest right) => left.Equals(right);

    /// <summary>Whether they are different versions.</summary>
    public static bool operator !=(VersionDigest left, VersionDigest right) => !left.Equals(right);
}
