namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>bfloat16, the upper half of binary32.</summary>
internal readonly unsafe struct BF16 : IDenseEncoding
{
    public static TVector Load<TSimd, TVector>(byte* row, nint column)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged => TSimd.LoadBFloat16((ushort*)row + column);

    public static void Decode<TSimd, TVector>(byte* row, int columns, float* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged => DenseRow.Decode<BF16, TSimd, TVector>(row, columns, destination);

    public static float DecodeScalar(byte* row, int column) => BitConverter.UInt32BitsToSingle((uint)((ushort*)row)[column] << 16);
}
