namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>
/// GGUF Q4_0: blocks of 32 as binary16 d and 16 bytes, low nibbles for values 0–15, high nibbles for 16–31; w = d·(q − 8).
/// </summary>
internal readonly unsafe struct Q4_0 : IStoredEncoding
{
    private const int BlockValues = 32;
    private const int BlockBytes = 18;

    public static void Decode<TSimd, TVector>(byte* row, int columns, float* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var eight = TSimd.Create(8f);
        for (var column = 0; column < columns; column += BlockValues, row += BlockBytes, destination += BlockValues)
        {
            var scale = TSimd.Create(Simd.HalfToSingle(*(ushort*)row));
            for (var i = 0; i < BlockValues / 2; i += TSimd.Count)
            {
                TSimd.Store(TSimd.Multiply(scale, TSimd.Subtract(TSimd.LoadBits(row + 2 + i, 0, 15), eight)), destination + i);
                TSimd.Store(TSimd.Multiply(scale, TSimd.Subtract(TSimd.LoadBits(row + 2 + i, 4, 15), eight)), destination + 16 + i);
            }
        }
    }

    public static float DecodeScalar(byte* row, int column)
    {
        var block = row + column / BlockValues * BlockBytes;
        var index = column % BlockValues;
        var code = index < 16 ? block[2 + index] & 15 : block[2 + index - 16] >> 4;
        return Simd.HalfToSingle(*(ushort*)block) * (code - 8);
    }
}
