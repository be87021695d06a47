using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Patchbay.Control.Routing;

/// <summary>
/// Where a caller's key falls in [0, 1): the first 53 bits of SHA-256(salt, 0, key) in UTF-8. A hash that anybody can compute
/// again, in any language, and that no caller can steer without knowing the salt.
/// </summary>
internal static class StickyBucket
{
    private const string UserPrefix = "user:", SessionPrefix = "session:", RequestPrefix = "request:";

    // Enough for a salt, a prefix and keys of 100 characters in any script; longer ones borrow a buffer.
    private const int StackBytes = 512;

    public static double Of(ReadOnlySpan<byte> salt, in RouteKey key, Stickiness sticky)
    {
        var (prefix, text) = Select(key, sticky);
        return Of(salt, prefix, text);
    }

    public static double OfRequest(ReadOnlySpan<byte> salt, in RouteKey key) => Of(salt, RequestPrefix, key.RequestId);

    public static string Describe(in RouteKey key, Stickiness sticky)
    {
        var (prefix, text) = Select(key, sticky);
        return prefix + text;
    }

    private static (string Prefix, string Key) Select(in RouteKey key, Stickiness sticky) => sticky switch
    {
        Stickiness.None => (RequestPrefix, key.RequestId),
        Stickiness.Session when !string.IsNullOrEmpty(key.Session) => (SessionPrefix, key.Session),
        _ when !string.IsNullOrEmpty(key.User) => (UserPrefix, key.User),
        _ when !string.IsNullOrEmpty(key.Session) => (SessionPrefix, key.Session),
        _ => (RequestPrefix, key.RequestId),
    };

    private static double Of(ReadOnlySpan<byte> salt, string prefix, string key)
    {
        var most = salt.Length + 1 + prefix.Length + Encoding.UTF8.GetMaxByteCount(key.Length);
        byte[]? rented = null;
        Span<byte> buffer = most <= StackBytes ? stackalloc byte[StackBytes] : rented = ArrayPool<byte>.Shared.Rent(most);
        salt.CopyTo(buffer);
        buffer[salt.Length] = 0;
        var length = salt.Length + 1;
        length += Encoding.UTF8.GetBytes(prefix, buffer[length..]);
        length += Encoding.UTF8.GetBytes(key, buffer[length..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(buffer[..length], hash);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
        return (BinaryPrimitives.ReadUInt64BigEndian(hash) >> 11) * (1.0 / (1UL << 53));
    }
}
