namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>IEEE binary16.</summary>
internal readonly unsafe struct F16 : IDenseEncoding
{
    public static TVector Load<TSimd, TVector>(byte* row, nint column)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged => TSimd.LoadHalf((ushort*)row + column);

    public static void Decode<TSimd, TVector>(byte* row, int columns, float* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var column = 0;
        for (; column <= columns - TSimd.Count; column += TSimd.Count)
        {
            TSimd.Store(Load<TSimd, TVector>(row, column), destination + column);
        }

        for (; column < columns; column++)
        {
            destination[column] = DecodeScalar(row, column);
        }
    }

    public static float DecodeScalar(byte* row, int column) => Simd.HalfToSingle(((ushort*)row)[column]);
}
