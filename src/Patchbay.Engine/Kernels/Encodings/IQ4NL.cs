namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>
/// GGUF IQ4_NL: blocks of 32 as binary16 d and 16 bytes, low nibbles for values 0–15, high nibbles for 16–31; w = d·v with v from
/// a table of 16 unevenly spaced values (ggml-common.h <c>kvalues_iq4nl</c>).
/// </summary>
internal readonly unsafe struct IQ4NL : IStoredEncoding
{
    private const int BlockValues = 32;
    private const int BlockBytes = 18;

    /// <summary>v of each code.</summary>
    public static ReadOnlySpan<sbyte> Values => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    public static void Decode<TSimd, TVector>(byte* row, int columns, float* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var codes = stackalloc float[BlockValues];
        for (var column = 0; column < columns; column += BlockValues, row += BlockBytes, destination += BlockValues)
        {
            for (var i = 0; i < BlockValues / 2; i++)
            {
                codes[i] = Values[row[2 + i] & 15];
                codes[16 + i] = Values[row[2 + i] >> 4];
            }

            var scale = Simd.HalfToSingle(*(ushort*)row);
            for (var i = 0; i < BlockValues; i += TSimd.Count)
            {
                ScaleCodes.Store<TSimd, TVector>(TSimd.Load(codes + i), scale, destination + i);
            }
        }
    }

    public static float DecodeScalar(byte* row, int column)
    {
        var block = row + (column / BlockValues * BlockBytes);
        var index = column % BlockValues;
        return Simd.HalfToSingle(*(ushort*)block) * Values[index < 16 ? block[2 + index] & 15 : block[2 + index - 16] >> 4];
    }
}
