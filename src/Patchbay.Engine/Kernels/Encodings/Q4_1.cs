namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>
/// GGUF Q4_1: blocks of 32 as binary16 d, binary16 m and 16 bytes, low nibbles for values 0–15, high nibbles for 16–31;
/// w = d·q + m, product and sum rounded separately.
/// </summary>
internal readonly unsafe struct Q4_1 : IStoredEncoding
{
    private const int BlockValues = 32;
    private const int BlockBytes = 20;

    public static void Decode<TSimd, TVector>(byte* row, int columns, float* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        for (var column = 0; column < columns; column += BlockValues, row += BlockBytes, destination += BlockValues)
        {
            var scale = TSimd.Create(Simd.HalfToSingle(*(ushort*)row));
            var minimum = TSimd.Create(Simd.HalfToSingle(*(ushort*)(row + 2)));
            for (var i = 0; i < BlockValues / 2; i += TSimd.Count)
            {
                TSimd.Store(TSimd.Add(TSimd.Multiply(scale, TSimd.LoadBits(row + 4 + i, 0, 15)), minimum), destination + i);
                TSimd.Store(TSimd.Add(TSimd.Multiply(scale, TSimd.LoadBits(row + 4 + i, 4, 15)), minimum), destination + 16 + i);
            }
        }
    }

    public static float DecodeScalar(byte* row, int column)
    {
        var block = row + column / BlockValues * BlockBytes;
        var index = column % BlockValues;
        var code = index < 16 ? block[4 + index] & 15 : block[4 + index - 16] >> 4;
        return (Simd.HalfToSingle(*(ushort*)block) * code) + Simd.HalfToSingle(*(ushort*)(block + 2));
    }
}
