using System.Numerics;

namespace Patchbay.Engine.Models;

/// <summary>
/// A checksum at the speed of memory, against damage and not against intent: CRC-32C over four lanes of eight bytes, so that the
/// latency of the instruction is hidden; the lanes are then mixed into 64 bits.
/// <code>
/// lane i  ←  crc32c(lane i, word 4n + i)
/// </code>
/// </summary>
internal static unsafe class BodyChecksum
{
    private const int Lanes = 4;

    /// <summary>The checksum of <paramref name="length"/> bytes; those after the last whole word count one by one.</summary>
    public static ulong Of(byte* data, long length)
    {
        var (a, b, c, d) = (~0u, ~0u, ~0u, ~0u);
        var words = (ulong*)data;
        var whole = length / sizeof(ulong) / Lanes * Lanes;
        for (var i = 0L; i < whole; i += Lanes)
        {
            a = BitOperations.Crc32C(a, words[i]);
            b = BitOperations.Crc32C(b, words[i + 1]);
            c = BitOperations.Crc32C(c, words[i + 2]);
            d = BitOperations.Crc32C(d, words[i + 3]);
        }

        for (var i = whole * sizeof(ulong); i < length; i++)
        {
            a = BitOperations.Crc32C(a, data[i]);
        }

        // Odd factors lose nothing of either half; another CRC would not tell two lanes from each other.
        return ((((ulong)a << 32) | b) * 0x9e3779b97f4a7c15) ^ BitOperations.RotateLeft((((ulong)c << 32) | d) * 0xc2b2ae3d27d4eb4f, 32);
    }
}
