namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>IEEE binary16.</summary>
internal readonly unsafe struct F16 : IDenseEncoding
{
    public static TVector Load<TSimd, TVector>(byte* row, nint column)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged => TSimd.LoadHalf((ushort*)row + column);

    public static void Decode<TSimd, TVector>(byte* row, int columns, float* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged => DenseRow.Decode<F16, TSimd, TVector>(row, columns, destination);

    public static float DecodeScalar(byte* row, int column) => Simd.HalfToSingle(((ushort*)row)[column]);
}
