using System.Security.Cryptography;
using System.Text;

namespace Patchbay.Control.Access;

/// <summary>The keys of one server. An empty ring opens everything to everybody, which only a listener on loopback may have.</summary>
public sealed class KeyRing
{
    private const int MaxSecretLength = 512;

    private readonly AccessKey[] _keys;

    /// <summary>Puts keys on a ring.</summary>
    public KeyRing(IEnumerable<AccessKey> keys) => _keys = [.. keys];

    /// <summary>No keys at all.</summary>
    public static KeyRing Empty { get; } = new([]);

    /// <summary>Whether nobody needs a key.</summary>
    public bool IsEmpty => _keys.Length == 0;

    /// <summary>How many keys open a role's doors; a server nobody can administer is a mistake worth telling.</summary>
    public int CountOf(Role role) => _keys.Count(key => key.Role == role);

    /// <summary>The tenant of the key with this name; null where there is no such key or it has none.</summary>
    public string? TenantOf(string name) => Array.Find(_keys, key => key.Name == name)?.Tenant;

    /// <summary>Finds the key with this secret. Every key is compared, so the time tells nothing.</summary>
    public AccessKey? Find(ReadOnlySpan<char> secret)
    {
        if (secret.Length is 0 or > MaxSecretLength)
        {
            return null;
        }
        Span<byte> utf8 = stackalloc byte[MaxSecretLength * 3];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(utf8[..Encoding.UTF8.GetBytes(secret, utf8)], hash);
        AccessKey? found = null;
        foreach (var key in _keys)
        {
            found = key.Matches(hash) ? key : found;
        }
        return found;
    }
}
