using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>
/// 512-bit vectors of AVX-512BW without VPDPBUSD, which .NET 10 has at 256 bits only. There is no VPSIGNB of this width:
/// (a ⊕ s) − s negates where s is −1.
/// </summary>
internal readonly unsafe struct Dot512 : IDotSimd<Vector512<int>, Vector512<float>>
{
    public static bool IsSupported => Avx512BW.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load(byte* codes) => Vector512.Load((int*)codes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Broadcast(sbyte* activations) => Vector512.Create(*(int*)activations);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Start(int correction) => Vector512<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Magnitude(Vector512<int> codes) =>
        Avx512BW.Abs((codes ^ Vector512.Create((byte)128).AsInt32()).AsSByte()).AsInt32();

    // Codes below 128 are negative weights.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Sign(Vector512<int> codes) =>
        Vector512.GreaterThanOrEqual(codes.AsSByte(), Vector512<sbyte>.Zero).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddBytes(Vector512<int> sum, Vector512<int> magnitude, Vector512<int> sign, Vector512<int> activations)
    {
        var turned = (activations ^ sign).AsSByte() - sign.AsSByte();
        return sum + Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(magnitude.AsByte(), turned), Vector512<short>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LowNibbles(Vector512<int> codes) => codes & Vector512.Create(0x0f0f0f0f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> HighNibbles(Vector512<int> codes) => (codes >>> 4) & Vector512.Create(0x0f0f0f0f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddNibbles(Vector512<int> partial, Vector512<int> nibbles, Vector512<int> activations) =>
        (partial.AsInt16() + Avx512BW.MultiplyAddAdjacent(nibbles.AsByte(), activations.AsSByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> FinishNibbles(Vector512<int> partial, int correction) =>
        Avx512BW.MultiplyAddAdjacent(partial.AsInt16(), Vector512<short>.One) + Vector512.Create(correction);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Create(int correction) => Vector512.Create(correction);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LowCodes(Vector512<int> nibbles, Vector512<int> lowBits, int count) =>
        ((nibbles << count) & Vector512.Create(0x0f0f0f0f << count)) | (lowBits & Vector512.Create(SplitCodes.LowMask(count)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> HighCodes(Vector512<int> nibbles, Vector512<int> lowBits, int count) =>
        ((nibbles >>> (4 - count)) & Vector512.Create(0x0f0f0f0f << count)) | ((lowBits >>> count) & Vector512.Create(SplitCodes.LowMask(count)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> NextLowBits(Vector512<int> lowBits, int count) => lowBits >>> (2 * count);

    // Two times two products of at most 63·127 fit 16 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddCodes(Vector512<int> sum, Vector512<int> low, Vector512<int> lowActivations, Vector512<int> high, Vector512<int> highActivations)
    {
        var pairs = Avx512BW.MultiplyAddAdjacent(low.AsByte(), lowActivations.AsSByte()) + Avx512BW.MultiplyAddAdjacent(high.AsByte(), highActivations.AsSByte());
        return sum + Avx512BW.MultiplyAddAdjacent(pairs, Vector512<short>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ToFloat(Vector512<int> sum) => Vector512.ConvertToSingle(sum);
}
