namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>
/// GGUF Q5_1: blocks of 32 as binary16 d, binary16 m, 32 fifth bits and 16 bytes of nibbles (low: values 0–15, high: 16–31);
/// w = d·q + m.
/// </summary>
internal readonly unsafe struct Q5_1 : IStoredEncoding
{
    private const int BlockValues = 32;
    private const int BlockBytes = 24;

    public static void Decode<TSimd, TVector>(byte* row, int columns, float* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var codes = stackalloc float[BlockValues];
        for (var column = 0; column < columns; column += BlockValues, row += BlockBytes, destination += BlockValues)
        {
            for (var i = 0; i < BlockValues; i++)
            {
                codes[i] = Code(row, i);
            }

            var scale = Simd.HalfToSingle(*(ushort*)row);
            var minimum = Simd.HalfToSingle(*(ushort*)(row + 2));
            for (var i = 0; i < BlockValues; i += TSimd.Count)
            {
                ScaleCodes.Store<TSimd, TVector>(TSimd.Load(codes + i), scale, minimum, destination + i);
            }
        }
    }

    public static float DecodeScalar(byte* row, int column)
    {
        var block = row + (column / BlockValues * BlockBytes);
        return (Simd.HalfToSingle(*(ushort*)block) * Code(block, column % BlockValues)) + Simd.HalfToSingle(*(ushort*)(block + 2));
    }

    private static int Code(byte* block, int index)
    {
        var nibble = index < 16 ? block[8 + index] & 15 : block[8 + index - 16] >> 4;
        return nibble | (((int)(*(uint*)(block + 4) >> index) & 1) << 4);
    }
}
