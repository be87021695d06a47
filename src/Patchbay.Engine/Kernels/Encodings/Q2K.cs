namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>
/// GGUF Q2_K: blocks of 256 as 16 bytes of four-bit scales s and minimums m (one for 16 values each), 64 bytes of two-bit codes
/// and binary16 d and dmin; w = d·s·q − dmin·m. The codes of values 128h + 32j + i lie in bits 2j of byte 32h + i.
/// </summary>
internal readonly unsafe struct Q2K : IStoredEncoding
{
    private const int BlockValues = 256;
    private const int BlockBytes = 84;
    private const int Codes = 16;
    private const int Scales = 80;

    public static void Decode<TSimd, TVector>(byte* row, int columns, float* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        for (var column = 0; column < columns; column += BlockValues, row += BlockBytes, destination += BlockValues)
        {
            for (var group = 0; group < 16; group++)
            {
                var (scale, minimum) = ScaleOf(row, group);
                var codes = row + Codes + (group / 8 * 32) + (group % 2 * 16);
                for (var i = 0; i < 16; i += TSimd.Count)
                {
                    ScaleCodes.Store<TSimd, TVector>(
                        TSimd.LoadBits(codes + i, group % 8 / 2 * 2, 3), scale, -minimum, destination + (group * 16) + i);
                }
            }
        }
    }

    public static float DecodeScalar(byte* row, int column)
    {
        var block = row + (column / BlockValues * BlockBytes);
        var index = column % BlockValues;
        var (scale, minimum) = ScaleOf(block, index / 16);
        var code = (block[Codes + (index / 128 * 32) + (index % 32)] >> (index % 128 / 32 * 2)) & 3;
        return (scale * code) - minimum;
    }

    private static (float Scale, float Minimum) ScaleOf(byte* block, int group) => (
        Simd.HalfToSingle(*(ushort*)(block + Scales)) * (block[group] & 15),
        Simd.HalfToSingle(*(ushort*)(block + Scales + 2)) * (block[group] >> 4));
}
