namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>GGUF Q8_0: blocks of 32 as binary16 d and 32 signed bytes q; w = d·q.</summary>
internal readonly unsafe struct Q8_0 : IStoredEncoding
{
    private const int BlockValues = 32;
    private const int BlockBytes = 34;

    public static void Decode<TSimd, TVector>(byte* row, int columns, float* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        for (var column = 0; column < columns; column += BlockValues, row += BlockBytes, destination += BlockValues)
        {
            var scale = TSimd.Create(Simd.HalfToSingle(*(ushort*)row));
            var codes = (sbyte*)(row + 2);
            for (var i = 0; i < BlockValues; i += TSimd.Count)
            {
                TSimd.Store(TSimd.Multiply(scale, TSimd.LoadInt8(codes + i)), destination + i);
            }
        }
    }

    public static float DecodeScalar(byte* row, int column)
    {
        var block = row + column / BlockValues * BlockBytes;
        return Simd.HalfToSingle(*(ushort*)block) * (sbyte)block[2 + column % BlockValues];
    }
}
