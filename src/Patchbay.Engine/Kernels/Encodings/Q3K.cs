namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>
/// GGUF Q3_K: blocks of 256 as 32 bytes of third bits, 64 bytes of two low bits, 12 bytes with 16 six-bit scales s and binary16 d;
/// w = d·(s − 32)·(q − 4). Value 128h + 32j + i has its low bits in bits 2j of byte 32h + i, its third bit in bit 4h + j of byte i.
/// </summary>
internal readonly unsafe struct Q3K : IStoredEncoding
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = 110;

    /// <summary>Groups of a block.</summary>
    public const int Groups = 16;

    /// <summary>Values of a group.</summary>
    public const int GroupValues = 16;

    private const int BlockValues = 256;
    private const int LowBits = 32;
    private const int Scales = 96;
    private const int Scale = 108;

    public static void Decode<TSimd, TVector>(byte* row, int columns, float* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var four = TSimd.Create(4f);
        for (var column = 0; column < columns; column += BlockValues, row += BlockBytes, destination += BlockValues)
        {
            for (var group = 0; group < 16; group++)
            {
                var scale = ScaleOf(row, group);
                var half = group % 2 * 16;
                for (var i = 0; i < 16; i += TSimd.Count)
                {
                    var low = TSimd.LoadBits(row + LowBits + (group / 8 * 32) + half + i, group % 8 / 2 * 2, 3);
                    var high = TSimd.LoadBits(row + half + i, group / 2, 1);
                    var code = TSimd.Subtract(TSimd.MultiplyAdd(high, four, low), four);
                    ScaleCodes.Store<TSimd, TVector>(code, scale, destination + (group * 16) + i);
                }
            }
        }
    }

    public static float DecodeScalar(byte* row, int column)
    {
        var block = row + (column / BlockValues * BlockBytes);
        var index = column % BlockValues;
        return ScaleOf(block, index / GroupValues) * (Code(block, index) - 4);
    }

    /// <summary>q of one of the 256 values of a block.</summary>
    public static int Code(byte* block, int index)
    {
        var low = (block[LowBits + (index / 128 * 32) + (index % 32)] >> (index % 128 / 32 * 2)) & 3;
        var high = (block[index % 32] >> (index / 32)) & 1;
        return low | (high << 2);
    }

    /// <summary>d·(s − 32) of one of the sixteen groups of a block.</summary>
    public static float ScaleOf(byte* block, int group)
    {
        // Scales 0–7 have their low four bits in the low nibbles of bytes 0–7, scales 8–15 in the high ones; the upper two bits of
        // scale n lie in bits 2·(n / 4) of byte 8 + n % 4.
        var packed = block + Scales;
        var low = group < 8 ? packed[group] & 15 : packed[group - 8] >> 4;
        var high = (packed[8 + (group % 4)] >> (group / 4 * 2)) & 3;
        return Simd.HalfToSingle(*(ushort*)(block + Scale)) * ((low | (high << 4)) - 32);
    }
}
