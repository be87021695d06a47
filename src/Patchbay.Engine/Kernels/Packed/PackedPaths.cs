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

    /// <summary>Runs one kernel.</summary>
    /// <param name="path">A supported one.</param>
    /// <param name="encoding">Of the panel.</param>
    /// <param name="isWhole">Whether its split codes are <see cref="WholeCodes"/>.</param>
    /// <param name="tile">Its arguments.</param>
    public static void Multiply(PackedPath path, PackedEncoding encoding, bool isWhole, TileArguments* tile)
    {
        switch (path)
        {
            case PackedPath.Emitted512:
                EmittedTiles.Vnni512.Multiply(encoding, isWhole, tile);
                break;
            case PackedPath.Emitted256:
                EmittedTiles.Avx2.Multiply(encoding, isWhole, tile);
                break;
            case PackedPath.V512:
                Multiply<Dot512, Vector512<int>, Simd512, Vector512<float>>(encoding, tile);
                break;
            case PackedPath.Vnni256:
                MultiplyPairs<DotVnni256, Vector256<int>, Simd256, Vector256<float>>(encoding, tile);
                break;
            case PackedPath.V256:
                MultiplyPairs<Dot256, Vector256<int>, Simd256, Vector256<float>>(encoding, tile);
                break;
            case PackedPath.V128:
                MultiplyPairs<Dot128, Vector128<int>, Simd128, Vector128<float>>(encoding, tile);
                break;
            default:
                Multiply<DotScalar, int, SimdScalar, float>(encoding, tile);
                break;
        }
    }

    private static void MultiplyPairs<TDot, TInt, TSimd, TVector>(PackedEncoding encoding, TileArguments* tile)
        where TDot : struct, IDotSimd<TInt, TVector>
        where TSimd : struct, ITileSimd<TVector>
        where TInt : unmanaged
        where TVector : unmanaged =>
        Multiply<PairDot<TDot, TInt, TVector>, Pair<TInt>, PairSimd<TSimd, TVector>, Pair<TVector>>(encoding, tile);

    private static void Multiply<TDot, TInt, TSimd, TVector>(PackedEncoding encoding, TileArguments* tile)
        where TDot : struct, IDotSimd<TInt, TVector>
        where TSimd : struct, ITileSimd<TVector>
        where TInt : unmanaged
        where TVector : unmanaged
    {
        switch (encoding)
        {
            case PackedEncoding.Q8:
                Q8Tile<TDot, TInt, TSimd, TVector>.Multiply(tile);
                break;
            case PackedEncoding.Q4:
                Q4Tile<WithoutMinimum, TDot, TInt, TSimd, TVector>.Multiply(tile);
                break;
            case PackedEncoding.Q4Minimum:
                Q4Tile<WithMinimum, TDot, TInt, TSimd, TVector>.Multiply(tile);
                break;
            case PackedEncoding.Q5:
                SplitTile<SplitQ5, WithoutMinimum, TDot, TInt, TSimd, TVector>.Multiply(tile);
                break;
            case PackedEncoding.Q5Minimum:
                SplitTile<SplitQ5, WithMinimum, TDot, TInt, TSimd, TVector>.Multiply(tile);
                break;
            default:
                SplitTile<SplitQ6, WithoutMinimum, TDot, TInt, TSimd, TVector>.Multiply(tile);
                break;
        }
    }

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
