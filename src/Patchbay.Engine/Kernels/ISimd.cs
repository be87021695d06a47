using Patchbay.Engine.Kernels.Packed;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// The operations of one SIMD width, so that a kernel is written once and compiled for each width. Implementations are
/// empty structs; the JIT removes the indirection.
/// </summary>
/// <typeparam name="TVector">The register: <c>float</c>, <c>Vector128&lt;float&gt;</c>, <c>Vector256&lt;float&gt;</c> or <c>Vector512&lt;float&gt;</c>.</typeparam>
internal unsafe interface ISimd<TVector> : ITileSimd<TVector>
    where TVector : unmanaged
{
    static abstract TVector Load(float* source);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Subtract(TVector left, TVector right);

    static abstract TVector Divide(TVector left, TVector right);

    static abstract TVector Max(TVector left, TVector right);

    static abstract TVector Min(TVector left, TVector right);

    /// <summary>The larger of <paramref name="most"/>, which is not negative, and the magnitude of <paramref name="vector"/>; not a number where either is none.</summary>
    static abstract TVector MaxMagnitude(TVector most, TVector vector);

    /// <summary><paramref name="positive"/> where <paramref name="selector"/> is above 0, else <paramref name="other"/>.</summary>
    static abstract TVector SelectPositive(TVector selector, TVector positive, TVector other);

    /// <summary>Nearest integer, ties to even.</summary>
    static abstract TVector Round(TVector vector);

    /// <summary><paramref name="vector"/> · 2^<paramref name="exponent"/> for whole exponents from -126 to 127.</summary>
    static abstract TVector ScaleByPowerOfTwo(TVector vector, TVector exponent);

    /// <summary>Sum over the lanes, always in the same order.</summary>
    static abstract float Sum(TVector vector);

    /// <summary>Writes the sums over the lanes of four vectors, each in the same order whatever the other three hold.</summary>
    static abstract void StoreSums(TVector a, TVector b, TVector c, TVector d, float* destination);

    static abstract float MaxAcross(TVector vector);

    /// <summary><see cref="ITileSimd{TVector}.Count"/> bfloat16 values, widened exactly.</summary>
    static abstract TVector LoadBFloat16(ushort* source);

    static abstract TVector LoadInt8(sbyte* source);

    /// <summary>Stores whole numbers from -128 to 127 as bytes.</summary>
    static abstract void StoreInt8(TVector vector, sbyte* destination);

    /// <summary>(byte &gt;&gt; <paramref name="shift"/>) &amp; <paramref name="mask"/> of <see cref="ITileSimd{TVector}.Count"/> bytes.</summary>
    static abstract TVector LoadBits(byte* source, int shift, uint mask);
}

/// <summary>A kernel that is compiled for every SIMD width; its fields are its arguments.</summary>
internal interface ISimdKernel
{
    void Invoke<TSimd, TVector>()
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged;
}
