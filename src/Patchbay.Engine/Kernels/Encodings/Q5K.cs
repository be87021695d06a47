namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>
/// GGUF Q5_K: as Q4_K, with 32 bytes of fifth bits before the codes; w = d·s·q − dmin·m. Value 32g + i has its fifth bit in bit g of
/// byte i.
/// </summary>
internal readonly unsafe struct Q5K : IStoredEncoding
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = 176;

    /// <summary>Where its fifth bits begin.</summary>
    public const int HighBits = 16;

    /// <summary>Where its nibbles begin.</summary>
    public const int Codes = 48;

    private const int BlockValues = 256;

    public static void Decode<TSimd, TVector>(byte* row, int columns, float* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var sixteen = TSimd.Create(16f);
        for (var column = 0; column < columns; column += BlockValues, row += BlockBytes, destination += BlockValues)
        {
            for (var group = 0; group < 8; group++)
            {
                var (scale, minimum) = Q4K.ScaleOf(row, group);
                for (var i = 0; i < 32; i += TSimd.Count)
                {
                    var low = TSimd.LoadBits(row + Codes + (group / 2 * 32) + i, group % 2 * 4, 15);
                    var code = TSimd.MultiplyAdd(TSimd.LoadBits(row + HighBits + i, group, 1), sixteen, low);
                    ScaleCodes.Store<TSimd, TVector>(code, scale, -minimum, destination + (group * 32) + i);
                }
            }
        }
    }

    public static float DecodeScalar(byte* row, int column)
    {
        var block = row + (column / BlockValues * BlockBytes);
        var index = column % BlockValues;
        var (scale, minimum) = Q4K.ScaleOf(block, index / 32);
        var low = (block[Codes + (index / 64 * 32) + (index % 32)] >> (index % 64 / 32 * 4)) & 15;
        var high = (block[HighBits + (index % 32)] >> (index / 32)) & 1;
        return (scale * (low + (16 * high))) - minimum;
    }
}
