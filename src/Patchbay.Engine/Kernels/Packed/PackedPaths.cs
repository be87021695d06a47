using System.Runtime.Intrinsics;
using Patchbay.Engine.Kernels.Emitted;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>The ways to multiply packed weights. All give the same bits.</summary>
internal enum PackedPath
{
    Scalar,

    /// <summary>SSSE3 or Arm's AdvSimd.</summary>
    V128,

    /// <summary>AVX2.</summary>
    V256,

    /// <summary>AVX-VNNI.</summary>
    Vnni256,

    /// <summary>AVX-512BW.</summary>
    V512,

    /// <summary>AVX2 in machine code that is written at run time.</summary>
    Emitted256,

    /// <summary>Such code with the EVEX form of VPDPBUSD, which .NET has no method for.</summary>
    Emitted512,
}

/// <summary>Which way to go on which processor.</summary>
internal static unsafe class PackedPaths
{
    private static readonly PackedPath[] s_bestFirst =
    [
        PackedPath.Emitted512, PackedPath.Vnni256, PackedPath.V512, PackedPath.Emitted256, PackedPath.V256, PackedPath.V128, PackedPath.Scalar,
    ];

    /// <summary>The ways that this processor has, best first. Writes all emitted code that it can run: <see cref="For"/> writes no more than is used.</summary>
    public static IReadOnlyList<PackedPath> Supported => [.. s_bestFirst.Where(IsSupported)];

    /// <summary>
    /// The best way within a SIMD width: what forces the width forces this too. Where nothing does, emitted code may be wider than
    /// the vectors that this program was compiled for.
    /// </summary>
    public static PackedPath For(SimdPath width) => width switch
    {
        _ when width == Simd.Path && Simd.IsEmittedForced => Best(PackedPath.Emitted512, PackedPath.Emitted256),
        _ when width == Simd.Path && !Simd.IsForced => Best(s_bestFirst),
        SimdPath.V512 => Best(PackedPath.Emitted512, PackedPath.Vnni256, PackedPath.V512, PackedPath.Scalar),
        SimdPath.V256 => Best(PackedPath.Vnni256, PackedPath.Emitted256, PackedPath.V256, PackedPath.V128, PackedPath.Scalar),
        SimdPath.V128 => Best(PackedPath.V128, PackedPath.Scalar),
        _ => PackedPath.Scalar,
    };

    /// <summary>Most rows of activations that one kernel call computes together.</summary>
    public static int TileRows(PackedPath path) => path == PackedPath.Emitted512 ? Vnni512Program.TileRows : Avx2Program.TileRows;

    /// <summary>Whether a path has kernels for <see cref="WholeCodes"/>.</summary>
    public static bool TakesWholeCodes(PackedPath path) => path is PackedPath.Emitted256 or PackedPath.Emitted512;

    /// <summary>The kernel for an encoding.</summary>
    /// <param name="path">A supported one.</param>
    /// <param name="encoding">Of the panels.</param>
    /// <param name="isWhole">Whether their split codes are <see cref="WholeCodes"/>.</param>
    public static TileKernel KernelOf(PackedPath path, PackedEncoding encoding, bool isWhole = false) => path switch
    {
        PackedPath.Emitted512 => EmittedTiles.Vnni512.KernelOf(encoding, isWhole),
        PackedPath.Emitted256 => EmittedTiles.Avx2.KernelOf(encoding, isWhole),
        PackedPath.V512 => KernelOf<Dot512, Vector512<int>, Simd512, Vector512<float>>(encoding),
        PackedPath.Vnni256 => PairsOf<DotVnni256, Vector256<int>, Simd256, Vector256<float>>(encoding),
        PackedPath.V256 => PairsOf<Dot256, Vector256<int>, Simd256, Vector256<float>>(encoding),
        PackedPath.V128 => PairsOf<Dot128, Vector128<int>, Simd128, Vector128<float>>(encoding),
        _ => KernelOf<DotScalar, int, SimdScalar, float>(encoding),
    };

    private static TileKernel PairsOf<TDot, TInt, TSimd, TVector>(PackedEncoding encoding)
        where TDot : struct, IDotSimd<TInt, TVector>
        where TSimd : struct, ITileSimd<TVector>
        where TInt : unmanaged
        where TVector : unmanaged =>
        KernelOf<PairDot<TDot, TInt, TVector>, Pair<TInt>, PairSimd<TSimd, TVector>, Pair<TVector>>(encoding);

    private static TileKernel KernelOf<TDot, TInt, TSimd, TVector>(PackedEncoding encoding)
        where TDot : struct, IDotSimd<TInt, TVector>
        where TSimd : struct, ITileSimd<TVector>
        where TInt : unmanaged
        where TVector : unmanaged => encoding switch
        {
            PackedEncoding.Q8 => new(&Q8Tile<TDot, TInt, TSimd, TVector>.Multiply),
            PackedEncoding.Q4 => new(&Q4Tile<WithoutMinimum, TDot, TInt, TSimd, TVector>.Multiply),
            PackedEncoding.Q4Minimum => new(&Q4Tile<WithMinimum, TDot, TInt, TSimd, TVector>.Multiply),
            PackedEncoding.Q5 => new(&SplitTile<SplitQ5, WithoutMinimum, TDot, TInt, TSimd, TVector>.Multiply),
            PackedEncoding.Q5Minimum => new(&SplitTile<SplitQ5, WithMinimum, TDot, TInt, TSimd, TVector>.Multiply),
            _ => new(&SplitTile<SplitQ6, WithoutMinimum, TDot, TInt, TSimd, TVector>.Multiply),
        };

    private static PackedPath Best(params ReadOnlySpan<PackedPath> paths)
    {
        foreach (var path in paths)
        {
            if (IsSupported(path))
            {
                return path;
            }
        }

        return PackedPath.Scalar;
    }

    private static bool IsSupported(PackedPath path) => path switch
    {
        PackedPath.Emitted512 => EmittedTiles.Vnni512.IsAvailable,
        PackedPath.Emitted256 => EmittedTiles.Avx2.IsAvailable,
        PackedPath.Vnni256 => DotVnni256.IsSupported,
        PackedPath.V512 => Dot512.IsSupported,
        PackedPath.V256 => Dot256.IsSupported,
        PackedPath.V128 => Dot128.IsSupported,
        _ => true,
    };
}
