namespace Patchbay.Engine.Kernels.Packed;

/// <summary>The operations on the results of a tile.</summary>
/// <typeparam name="TVector">The register, or several of them.</typeparam>
internal unsafe interface ITileSimd<TVector>
    where TVector : unmanaged
{
    /// <summary>Values per vector.</summary>
    static abstract int Count { get; }

    static abstract TVector Create(float value);

    static abstract void Store(TVector vector, float* destination);

    static abstract TVector Multiply(TVector left, TVector right);

    /// <summary><paramref name="left"/> · <paramref name="right"/> + <paramref name="addend"/>, rounded once where the processor can.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);

    /// <summary><see cref="Count"/> IEEE binary16 values, widened exactly (finite values; infinities are refused at load).</summary>
    static abstract TVector LoadHalf(ushort* source);
}
