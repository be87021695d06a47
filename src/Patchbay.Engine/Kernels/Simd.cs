using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Patchbay.Engine.Kernels.Emitted;

namespace Patchbay.Engine.Kernels;

/// <summary>The SIMD widths, narrowest first.</summary>
internal enum SimdPath
{
    Scalar,
    V128,
    V256,
    V512,
}

/// <summary>
/// Chooses the SIMD width once at start. Results are bit-identical between runs on one width, not between widths: the
/// lanes are added up in another order.
/// </summary>
internal static class Simd
{
    /// <summary>
    /// Environment variable that forces a width, <c>scalar</c>, <c>128</c>, <c>256</c> or <c>512</c>, or asks for the widest together
    /// with emitted kernels: <c>emitted</c>.
    /// </summary>
    public const string ForceVariable = "PATCHBAY_FORCE_SIMD";

    private const string Emitted = "emitted";

    /// <summary>2^112, the difference between the exponent biases of binary32 and binary16.</summary>
    public const float HalfToSingleScale = 5.192296858534828e33f;

    /// <summary>Widths that this processor has, widest first: wider is faster for every kernel measured so far.</summary>
    public static IReadOnlyList<SimdPath> Supported { get; } =
    [
        .. Vector512.IsHardwareAccelerated ? [SimdPath.V512] : Array.Empty<SimdPath>(),
        .. Vector256.IsHardwareAccelerated ? [SimdPath.V256] : Array.Empty<SimdPath>(),
        .. Vector128.IsHardwareAccelerated ? [SimdPath.V128] : Array.Empty<SimdPath>(),
        SimdPath.Scalar,
    ];

    /// <summary>The width that kernels use. A readonly field after <see cref="Supported"/>, so that the JIT knows its value.</summary>
    public static readonly SimdPath Path = Choose(Environment.GetEnvironmentVariable(ForceVariable));

    /// <summary>Whether there are 32 vector registers: with AVX-512 and on Arm. Otherwise a kernel keeps its sums in them only if it has few.</summary>
    public static bool HasManyRegisters => Avx512F.VL.IsSupported || !X86Base.IsSupported;

    /// <summary>
    /// Whether a kernel that sums two vectors for each row takes six rows next: twelve sums hide the latency of their additions better than the
    /// eight of four rows, but not where few rows would be left to go alone.
    /// </summary>
    /// <param name="rows">How many are left.</param>
    public static bool TakesSixRows(int rows) => !HasManyRegisters && rows is (6 or 7 or >= 10);

    /// <summary>Whether the width was forced, so that nothing wider may be used.</summary>
    public static bool IsForced { get; } = Environment.GetEnvironmentVariable(ForceVariable) is not (null or "" or Emitted);

    /// <summary>Whether emitted code was asked for.</summary>
    public static bool IsEmittedForced { get; } = Environment.GetEnvironmentVariable(ForceVariable) == Emitted;

    /// <summary>Runs a kernel on a given width; tests compare them all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Invoke<TKernel>(SimdPath path, ref TKernel kernel)
        where TKernel : struct, ISimdKernel
    {
        switch (path)
        {
            case SimdPath.V512:
                kernel.Invoke<Simd512, Vector512<float>>();
                break;
            case SimdPath.V256:
                kernel.Invoke<Simd256, Vector256<float>>();
                break;
            case SimdPath.V128:
                kernel.Invoke<Simd128, Vector128<float>>();
                break;
            default:
                kernel.Invoke<SimdScalar, float>();
                break;
        }
    }

    /// <summary>A binary16 value as float32, exact for finite values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float HalfToSingle(ushort half)
    {
        var magnitude = BitConverter.UInt32BitsToSingle((uint)(half & 0x7fff) << 13) * HalfToSingleScale;
        return BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(magnitude) | ((uint)(half & 0x8000) << 16));
    }

    private static SimdPath Choose(string? forced)
    {
        if (string.IsNullOrEmpty(forced))
        {
            return Supported[0];
        }

        if (forced == Emitted)
        {
            return EmittedTiles.Best.IsAvailable
                ? Supported[0]
                : throw new InvalidOperationException($"{ForceVariable}: emitted kernels cannot be used: {EmittedTiles.Best.State}.");
        }

        var path = forced switch
        {
            "scalar" => SimdPath.Scalar,
            "128" => SimdPath.V128,
            "256" => SimdPath.V256,
            "512" => SimdPath.V512,
            _ => throw new InvalidOperationException($"{ForceVariable}: expected scalar, 128, 256, 512 or emitted, found '{forced}'."),
        };
        return Supported.Contains(path)
            ? path
            : throw new InvalidOperationException($"{ForceVariable}: this processor has no {forced}-bit vectors.");
    }
}
