namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>IEEE binary32.</summary>
internal readonly unsafe struct F32 : IDenseEncoding
{
    public static bool IsFloat32 => true;

    public static TVector Load<TSimd, TVector>(byte* row, nint column)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged => TSimd.Load((float*)row + column);

    public static void Decode<TSimd, TVector>(byte* row, int columns, float* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged => DenseRow.Decode<F32, TSimd, TVector>(row, columns, destination);

    public static float DecodeScalar(byte* row, int column) => ((float*)row)[column];
}
