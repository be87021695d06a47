using System.Runtime.Intrinsics;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>
/// Split codes of a panel as whole bytes, in lines of four inputs of each output: for emitted kernels, where many rows share a panel, so
/// that putting codes together is not done again for every tile of rows.
/// </summary>
internal static unsafe class WholeCodes
{
    /// <summary>From this many tiles of rows on it is faster: on a Zen 3 two make 0.88 of the speed without, many 1.2 times that.</summary>
    public const int LeastTiles = 4;

    /// <summary>Bytes of a panel.</summary>
    public static long ByteLength(int columns) => (long)columns * PackedEncodingFacts.PanelRows;

    /// <summary>Writes all codes of a panel.</summary>
    /// <param name="encoding">One with split codes.</param>
    /// <param name="codes">Those of the panel.</param>
    /// <param name="groups">Groups of the panel.</param>
    /// <param name="bytes">Receives them.</param>
    public static void Write(PackedEncoding encoding, byte* codes, nint groups, byte* bytes)
    {
        if (encoding.LowBits() == SplitQ5.LowBits)
        {
            Write<SplitQ5, PairDot<Dot256, Vector256<int>, Vector256<float>>>(codes, groups, bytes);
        }
        else
        {
            Write<SplitQ6, PairDot<Dot256, Vector256<int>, Vector256<float>>>(codes, groups, bytes);
        }
    }

    private static void Write<TCodes, TDot>(byte* codes, nint groups, byte* bytes)
        where TCodes : struct, ISplitCodes
        where TDot : struct, IDotSimd<Pair<Vector256<int>>, Pair<Vector256<float>>>
    {
        var lines = TCodes.GroupValues / 8;
        for (; groups > 0; groups--, codes += PackedEncodingFacts.LineBytes)
        {
            var lowBits = TDot.Load(codes + (lines * PackedEncodingFacts.LineBytes));
            for (var line = 0; line < lines; line++, codes += PackedEncodingFacts.LineBytes, bytes += 2 * PackedEncodingFacts.LineBytes)
            {
                var nibbles = TDot.Load(codes);
                Store(TDot.LowCodes(nibbles, lowBits, TCodes.LowBits), bytes);
                Store(TDot.HighCodes(nibbles, lowBits, TCodes.LowBits), bytes + PackedEncodingFacts.LineBytes);
                lowBits = TDot.NextLowBits(lowBits, TCodes.LowBits);
            }
        }
    }

    private static void Store(Pair<Vector256<int>> line, byte* destination)
    {
        line.Low.Store((int*)destination);
        line.High.Store((int*)(destination + (PackedEncodingFacts.LineBytes / 2)));
    }
}
