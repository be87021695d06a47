namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>
/// GGUF Q6_K: blocks of 256 as 128 bytes of low nibbles, 64 bytes of two high bits, 16 signed scales s (one for 16 values each) and
/// binary16 d; w = d·s·(q − 32). Value 128h + 32j + i has its low bits in nibble j / 2 of byte 64h + 32·(j % 2) + i, its high bits in
/// bits 2j of byte 32h + i.
/// </summary>
internal readonly unsafe struct Q6K : IStoredEncoding
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = 210;

    /// <summary>Groups of a block.</summary>
    public const int Groups = 16;

    /// <summary>Values of a group.</summary>
    public const int GroupValues = 16;

    private const int BlockValues = 256;
    private const int HighBits = 128;
    private const int Scales = 192;
    private const int Scale = 208;

    public static void Decode<TSimd, TVector>(byte* row, int columns, float* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var sixteen = TSimd.Create(16f);
        var offset = TSimd.Create(32f);
        for (var column = 0; column < columns; column += BlockValues, row += BlockBytes, destination += BlockValues)
        {
            for (var group = 0; group < 16; group++)
            {
                var scale = ScaleOf(row, group);
                var (half, quarter, first) = (group / 8, group % 8 / 2, group % 2 * 16);
                for (var i = 0; i < 16; i += TSimd.Count)
                {
                    var low = TSimd.LoadBits(row + (half * 64) + (quarter % 2 * 32) + first + i, quarter / 2 * 4, 15);
                    var high = TSimd.LoadBits(row + HighBits + (half * 32) + first + i, quarter * 2, 3);
                    var code = TSimd.Subtract(TSimd.MultiplyAdd(high, sixteen, low), offset);
                    ScaleCodes.Store<TSimd, TVector>(code, scale, destination + (group * 16) + i);
                }
            }
        }
    }

    public static float DecodeScalar(byte* row, int column)
    {
        var block = row + (column / BlockValues * BlockBytes);
        var index = column % BlockValues;
        return ScaleOf(block, index / GroupValues) * (Code(block, index) - 32);
    }

    /// <summary>q of one of the 256 values of a block.</summary>
    public static int Code(byte* block, int index)
    {
        var (half, quarter, within) = (index / 128, index % 128 / 32, index % 32);
        var low = (block[(half * 64) + (quarter % 2 * 32) + within] >> (quarter / 2 * 4)) & 15;
        var high = (block[HighBits + (half * 32) + within] >> (quarter * 2)) & 3;
        return low | (high << 4);
    }

    /// <summary>d·s of one of the sixteen groups of a block.</summary>
    public static float ScaleOf(byte* block, int group) =>
        Simd.HalfToSingle(*(ushort*)(block + Scale)) * (sbyte)block[Scales + group];
}
