namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>
/// An encoding whose exact values are computed with: rows are decoded to float32 a few at a time, products are accumulated in
/// float32. One file per encoding; <see cref="WeightDecoder"/> and <see cref="MatMul"/> have one switch arm for each.
/// </summary>
internal unsafe interface IStoredEncoding
{
    /// <summary>Whether rows can be used where they lie, without being decoded.</summary>
    static virtual bool IsFloat32 => false;

    /// <summary>Writes <paramref name="columns"/> exact values of the row to <paramref name="destination"/>.</summary>
    static abstract void Decode<TSimd, TVector>(byte* row, int columns, float* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged;

    /// <summary>The value at <paramref name="column"/>, written as the format's definition reads: the test of <see cref="Decode"/>.</summary>
    static abstract float DecodeScalar(byte* row, int column);
}

/// <summary>An encoding with one code per value and no blocks: vectors can be loaded at any column.</summary>
internal unsafe interface IDenseEncoding : IStoredEncoding
{
    static abstract TVector Load<TSimd, TVector>(byte* row, nint column)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged;
}
