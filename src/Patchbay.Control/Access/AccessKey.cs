using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Patchbay.Control.Access;

/// <summary>Who holds a key and what it opens. Holds the key's SHA-256 hash, never the key.</summary>
public sealed class AccessKey
{
    /// <summary>Fewest characters of a key: fewer could be guessed.</summary>
    public const int MinLength = 16;

    private const int MaxTenantLength = 128;
    private const int RandomBytes = 32;

    private readonly byte[] _hash;

    /// <summary>Takes the SHA-256 hash of a key's UTF-8 bytes.</summary>
    /// <exception cref="ArgumentException">There are not exactly 32 bytes.</exception>
    public AccessKey(string name, Role role, ReadOnlySpan<byte> hash, string? tenant = null)
    {
        if (hash.Length != SHA256.HashSizeInBytes)
        {
            throw new ArgumentException($"A SHA-256 hash has {SHA256.HashSizeInBytes} bytes; got {hash.Length}.", nameof(hash));
        }
        Name = name;
        Role = role;
        Tenant = tenant;
        _hash = hash.ToArray();
    }

    /// <summary>Who holds it; the actor in the audit.</summary>
    public string Name { get; }

    /// <summary>What it opens.</summary>
    public Role Role { get; }

    /// <summary>Whom its holder works for, which rules of plans can ask; null where it was made for none.</summary>
    public string? Tenant { get; }

    /// <summary>The SHA-256 hash of the key in lower-case hexadecimal digits.</summary>
    public string Hash => Convert.ToHexStringLower(_hash);

    /// <summary>Makes a new key of 256 random bits.</summary>
    public static (AccessKey Key, string Secret) Create(string name, Role role, string? tenant = null)
    {
        var secret = "pb-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes));
        return (Of(name, role, secret, tenant), secret);
    }

    /// <summary>The key whose secret is known.</summary>
    public static AccessKey Of(string name, Role role, string secret, string? tenant = null) =>
        new(name, role, SHA256.HashData(Encoding.UTF8.GetBytes(secret)), tenant);

    /// <summary>Says what is wrong with a secret that somebody chose, or null.</summary>
    public static string? FindProblem([NotNull] string secret) => secret.Length < MinLength
        ? $"A key has at least {MinLength} characters; this one has {secret.Length}."
        : secret.AsSpan().ContainsAnyExceptInRange('!', '~') ? "A key is made of visible ASCII characters only." : null;

    /// <summary>Says what is wrong with a tenant's name, or null.</summary>
    public static string? FindTenantProblem([NotNull] string tenant) => tenant.Length is 0 or > MaxTenantLength || tenant.AsSpan().Trim().Length != tenant.Length
        || tenant.Any(char.IsControl)
        ? $"A tenant has 1 to {MaxTenantLength} characters, none of them a control character and no space at either end." : null;

    // In a time that does not depend on where the hashes differ.
    internal bool Matches(ReadOnlySpan<byte> hash) => CryptographicOperations.FixedTimeEquals(_hash, hash);
}
