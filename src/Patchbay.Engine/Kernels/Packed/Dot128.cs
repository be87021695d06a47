using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>
/// 128-bit vectors. On x86 (SSSE3) PMADDUBSW takes one factor unsigned, so that signs move from the weights to the activations:
/// |w|·(±a) is at most 128·127, and two of them fit 16 bits. On Arm SDOT does it all; without it, widening products do.
/// </summary>
internal readonly unsafe struct Dot128 : IDotSimd<Vector128<int>, Vector128<float>>
{
    public static bool IsSupported => Ssse3.IsSupported || AdvSimd.Arm64.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(byte* codes) => Vector128.Load((int*)codes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast(sbyte* activations) => Vector128.Create(*(int*)activations);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Start(int correction) => Vector128<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Magnitude(Vector128<int> codes)
    {
        var signed = Sign(codes);
        return Ssse3.IsSupported ? Ssse3.Abs(signed.AsSByte()).AsInt32() : signed;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Sign(Vector128<int> codes) => codes ^ Vector128.Create((byte)128).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddBytes(Vector128<int> sum, Vector128<int> magnitude, Vector128<int> sign, Vector128<int> activations)
    {
        if (!Ssse3.IsSupported)
        {
            return AddSigned(sum, magnitude.AsSByte(), activations.AsSByte());
        }

        var pairs = Ssse3.MultiplyAddAdjacent(magnitude.AsByte(), Ssse3.Sign(activations.AsSByte(), sign.AsSByte()));
        return sum + Sse2.MultiplyAddAdjacent(pairs, Vector128<short>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LowNibbles(Vector128<int> codes) => codes & Vector128.Create(0x0f0f0f0f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> HighNibbles(Vector128<int> codes) => (codes >>> 4) & Vector128.Create(0x0f0f0f0f);

    // Eight times two products of at most 15·127 fit 16 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddNibbles(Vector128<int> partial, Vector128<int> nibbles, Vector128<int> activations) =>
        Ssse3.IsSupported
            ? (partial.AsInt16() + Ssse3.MultiplyAddAdjacent(nibbles.AsByte(), activations.AsSByte())).AsInt32()
            : AddSigned(partial, nibbles.AsSByte(), activations.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> FinishNibbles(Vector128<int> partial, int correction) =>
        (Ssse3.IsSupported ? Sse2.MultiplyAddAdjacent(partial.AsInt16(), Vector128<short>.One) : partial) + Vector128.Create(correction);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Create(int correction) => Vector128.Create(correction);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LowCodes(Vector128<int> nibbles, Vector128<int> lowBits, int count) =>
        ((nibbles << count) & Vector128.Create(0x0f0f0f0f << count)) | (lowBits & Vector128.Create(SplitCodes.LowMask(count)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> HighCodes(Vector128<int> nibbles, Vector128<int> lowBits, int count) =>
        ((nibbles >>> (4 - count)) & Vector128.Create(0x0f0f0f0f << count)) | ((lowBits >>> count) & Vector128.Create(SplitCodes.LowMask(count)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> NextLowBits(Vector128<int> lowBits, int count) => lowBits >>> (2 * count);

    // Two times two products of at most 63·127 fit 16 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddCodes(Vector128<int> sum, Vector128<int> low, Vector128<int> lowActivations, Vector128<int> high, Vector128<int> highActivations)
    {
        if (!Ssse3.IsSupported)
        {
            return AddSigned(AddSigned(sum, low.AsSByte(), lowActivations.AsSByte()), high.AsSByte(), highActivations.AsSByte());
        }

        var pairs = Ssse3.MultiplyAddAdjacent(low.AsByte(), lowActivations.AsSByte()) + Ssse3.MultiplyAddAdjacent(high.AsByte(), highActivations.AsSByte());
        return sum + Sse2.MultiplyAddAdjacent(pairs, Vector128<short>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ToFloat(Vector128<int> sum) => Vector128.ConvertToSingle(sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> AddSigned(Vector128<int> sum, Vector128<sbyte> weights, Vector128<sbyte> activations)
    {
        if (Dp.IsSupported)
        {
            return Dp.DotProduct(sum, weights, activations);
        }

        var low = AdvSimd.AddPairwiseWidening(AdvSimd.MultiplyWideningLower(weights.GetLower(), activations.GetLower()));
        var high = AdvSimd.AddPairwiseWidening(AdvSimd.MultiplyWideningUpper(weights, activations));
        return sum + AdvSimd.Arm64.AddPairwise(low, high);
    }
}
