using System.Runtime.CompilerServices;

namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>The last step of decoding: codes, exact as float32, times the scale of their group, minus its minimum.</summary>
internal static unsafe class ScaleCodes
{
    /// <summary>w = scale·q.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TSimd, TVector>(TVector codes, float scale, float* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged => TSimd.Store(TSimd.Multiply(TSimd.Create(scale), codes), destination);

    /// <summary>w = scale·q + offset, product and sum rounded separately.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TSimd, TVector>(TVector codes, float scale, float offset, float* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged => TSimd.Store(TSimd.Add(TSimd.Multiply(TSimd.Create(scale), codes), TSimd.Create(offset)), destination);
}
