using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>256-bit vectors of AVX2, in the way of <see cref="Dot128"/>.</summary>
internal readonly unsafe struct Dot256 : IDotSimd<Vector256<int>, Vector256<float>>
{
    public static bool IsSupported => Avx2.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(byte* codes) => Vector256.Load((int*)codes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(sbyte* activations) => Vector256.Create(*(int*)activations);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Start(int correction) => Vector256<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Magnitude(Vector256<int> codes) => Avx2.Abs(Sign(codes).AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Sign(Vector256<int> codes) => codes ^ Vector256.Create((byte)128).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddBytes(Vector256<int> sum, Vector256<int> magnitude, Vector256<int> sign, Vector256<int> activations)
    {
        var pairs = Avx2.MultiplyAddAdjacent(magnitude.AsByte(), Avx2.Sign(activations.AsSByte(), sign.AsSByte()));
        return sum + Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LowNibbles(Vector256<int> codes) => codes & Vector256.Create(0x0f0f0f0f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> HighNibbles(Vector256<int> codes) => (codes >>> 4) & Vector256.Create(0x0f0f0f0f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddNibbles(Vector256<int> partial, Vector256<int> nibbles, Vector256<int> activations) =>
        (partial.AsInt16() + Avx2.MultiplyAddAdjacent(nibbles.AsByte(), activations.AsSByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FinishNibbles(Vector256<int> partial, int correction) =>
        Avx2.MultiplyAddAdjacent(partial.AsInt16(), Vector256<short>.One) + Vector256.Create(correction);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Create(int correction) => Vector256.Create(correction);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LowCodes(Vector256<int> nibbles, Vector256<int> lowBits, int count) =>
        ((nibbles << count) & Vector256.Create(0x0f0f0f0f << count)) | (lowBits & Vector256.Create(SplitCodes.LowMask(count)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> HighCodes(Vector256<int> nibbles, Vector256<int> lowBits, int count) =>
        ((nibbles >>> (4 - count)) & Vector256.Create(0x0f0f0f0f << count)) | ((lowBits >>> count) & Vector256.Create(SplitCodes.LowMask(count)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> NextLowBits(Vector256<int> lowBits, int count) => lowBits >>> (2 * count);

    // Two times two products of at most 63·127 fit 16 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddCodes(Vector256<int> sum, Vector256<int> low, Vector256<int> lowActivations, Vector256<int> high, Vector256<int> highActivations)
    {
        var pairs = Avx2.MultiplyAddAdjacent(low.AsByte(), lowActivations.AsSByte()) + Avx2.MultiplyAddAdjacent(high.AsByte(), highActivations.AsSByte());
        return sum + Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToFloat(Vector256<int> sum) => Vector256.ConvertToSingle(sum);
}
