namespace Patchbay.Engine.Kernels.Packed;

/// <summary>
/// Integer sums of products for one kind of processor. A lane holds four neighbouring bytes of one output, or a 32-bit sum.
/// Sums are exact, so all implementations give the same; how they come about differs.
/// </summary>
/// <typeparam name="TInt">The register: <c>int</c> or a vector of them.</typeparam>
/// <typeparam name="TVector">The register of as many float32 values.</typeparam>
internal unsafe interface IDotSimd<TInt, TVector>
    where TInt : unmanaged
    where TVector : unmanaged
{
    static abstract TInt Load(byte* codes);

    /// <summary>Four activations in every lane.</summary>
    static abstract TInt Broadcast(sbyte* activations);

    /// <summary>Where the sum of a group of bytes starts: with the correction for unsigned codes, or with 0.</summary>
    static abstract TInt Start(int correction);

    /// <summary>The factor of <see cref="AddBytes"/> that is made of codes, 128 too large, once for all rows.</summary>
    static abstract TInt Magnitude(TInt codes);

    /// <summary>What <see cref="AddBytes"/> needs to know of their signs.</summary>
    static abstract TInt Sign(TInt codes);

    /// <summary>Adds the four products of each lane.</summary>
    static abstract TInt AddBytes(TInt sum, TInt magnitude, TInt sign, TInt activations);

    static abstract TInt LowNibbles(TInt codes);

    static abstract TInt HighNibbles(TInt codes);

    /// <summary>Adds the four products of each lane to a partial sum, at most eight times from 0 on.</summary>
    static abstract TInt AddNibbles(TInt partial, TInt nibbles, TInt activations);

    /// <summary>A partial sum as 32-bit lanes, plus <paramref name="correction"/>.</summary>
    static abstract TInt FinishNibbles(TInt partial, int correction);

    /// <summary>Where the sum of a group of split codes starts: with the correction for unsigned codes.</summary>
    static abstract TInt Create(int correction);

    /// <summary>Split codes whose upper four bits are low nibbles.</summary>
    /// <param name="nibbles">A line of upper bits.</param>
    /// <param name="lowBits">Their <paramref name="count"/> lowest bits, at the bottom of each byte.</param>
    /// <param name="count">1 or 2.</param>
    static abstract TInt LowCodes(TInt nibbles, TInt lowBits, int count);

    /// <summary>Split codes whose upper four bits are high nibbles; their lowest bits are the next above those of <see cref="LowCodes"/>.</summary>
    static abstract TInt HighCodes(TInt nibbles, TInt lowBits, int count);

    /// <summary>The lowest bits of the next line's codes, where those of <see cref="LowCodes"/> were.</summary>
    static abstract TInt NextLowBits(TInt lowBits, int count);

    /// <summary>Adds the eight products of each lane; codes have six bits at most.</summary>
    static abstract TInt AddCodes(TInt sum, TInt low, TInt lowActivations, TInt high, TInt highActivations);

    static abstract TVector ToFloat(TInt sum);
}
