namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>
/// GGUF Q4_K: blocks of 256 as binary16 d and dmin, 12 bytes of six-bit scales s and minimums m (one for 32 values each) and 128
/// bytes of codes; w = d·s·q − dmin·m. Values 64j + i are low nibbles of bytes 32j + i, values 64j + 32 + i the high ones.
/// </summary>
internal readonly unsafe struct Q4K : IStoredEncoding
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = 144;

    /// <summary>Where its codes begin.</summary>
    public const int Codes = 16;

    /// <summary>Groups of a block.</summary>
    public const int Groups = 8;

    private const int BlockValues = 256;

    public static void Decode<TSimd, TVector>(byte* row, int columns, float* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        for (var column = 0; column < columns; column += BlockValues, row += BlockBytes, destination += BlockValues)
        {
            for (var group = 0; group < 8; group++)
            {
                var (scale, minimum) = ScaleOf(row, group);
                for (var i = 0; i < 32; i += TSimd.Count)
                {
                    ScaleCodes.Store<TSimd, TVector>(
                        TSimd.LoadBits(row + Codes + (group / 2 * 32) + i, group % 2 * 4, 15), scale, -minimum, destination + (group * 32) + i);
                }
            }
        }
    }

    public static float DecodeScalar(byte* row, int column)
    {
        var block = row + (column / BlockValues * BlockBytes);
        var index = column % BlockValues;
        var (scale, minimum) = ScaleOf(block, index / 32);
        return (scale * ((block[Codes + (index / 64 * 32) + (index % 32)] >> (index % 64 / 32 * 4)) & 15)) - minimum;
    }

    /// <summary>The 32 codes (of four bits) of one of the eight groups of a block.</summary>
    public static void ReadCodes(byte* blockCodes, int group, byte* codes)
    {
        var nibbles = blockCodes + (group / 2 * 32);
        for (var i = 0; i < 32; i++)
        {
            codes[i] = (byte)(nibbles[i] >> (group % 2 * 4) & 15);
        }
    }

    /// <summary>d·s and dmin·m of one of the eight groups of a block, of Q5_K too, which begins alike.</summary>
    public static (float Scale, float Minimum) ScaleOf(byte* block, int group)
    {
        var (scale, minimum) = SixBitScales.Read(block + 4, group);
        return (Simd.HalfToSingle(*(ushort*)block) * scale, Simd.HalfToSingle(*(ushort*)(block + 2)) * minimum);
    }
}
