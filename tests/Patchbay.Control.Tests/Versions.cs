using System.Security.Cryptography;
using System.Text;

namespace Patchbay.Control.Tests;

internal static class Versions
{
    public static VersionDigest Of(string seed) => new(SHA256.HashData(Encoding.UTF8.GetBytes(seed)));
}
