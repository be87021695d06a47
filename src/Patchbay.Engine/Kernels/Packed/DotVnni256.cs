using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>256-bit vectors with AVX-VNNI: VPDPBUSD multiplies unsigned codes with signed activations and adds four products.</summary>
internal readonly unsafe struct DotVnni256 : IDotSimd<Vector256<int>, Vector256<float>>
{
    public static bool IsSupported => AvxVnni.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(byte* codes) => Vector256.Load((int*)codes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(sbyte* activations) => Vector256.Create(*(int*)activations);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Start(int correction) => Vector256.Create(correction);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Magnitude(Vector256<int> codes) => codes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Sign(Vector256<int> codes) => codes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddBytes(Vector256<int> sum, Vector256<int> magnitude, Vector256<int> sign, Vector256<int> activations) =>
        AvxVnni.MultiplyWideningAndAdd(sum, magnitude.AsByte(), activations.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LowNibbles(Vector256<int> codes) => Dot256.LowNibbles(codes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> HighNibbles(Vector256<int> codes) => Dot256.HighNibbles(codes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddNibbles(Vector256<int> partial, Vector256<int> nibbles, Vector256<int> activations) =>
        AvxVnni.MultiplyWideningAndAdd(partial, nibbles.AsByte(), activations.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FinishNibbles(Vector256<int> partial, int correction) => partial + Vector256.Create(correction);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Create(int correction) => Vector256.Create(correction);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LowCodes(Vector256<int> nibbles, Vector256<int> lowBits, int count) => Dot256.LowCodes(nibbles, lowBits, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> HighCodes(Vector256<int> nibbles, Vector256<int> lowBits, int count) => Dot256.HighCodes(nibbles, lowBits, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> NextLowBits(Vector256<int> lowBits, int count) => Dot256.NextLowBits(lowBits, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddCodes(Vector256<int> sum, Vector256<int> low, Vector256<int> lowActivations, Vector256<int> high, Vector256<int> highActivations) => AvxVnni.MultiplyWideningAndAdd(
        AvxVnni.MultiplyWideningAndAdd(sum, low.AsByte(), lowActivations.AsSByte()), high.AsByte(), highActivations.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToFloat(Vector256<int> sum) => Vector256.ConvertToSingle(sum);
}
