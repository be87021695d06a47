using System.Runtime.CompilerServices;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>
/// A panel of split codes (five or six bits) times some rows: y = Σ over groups of fma(float(Σ (q − z)·a), d·s, y) with the zero point z;
/// with a minimum m, the group adds fma(float(Σ q·a), d·s, y) and then fma(m, s·Σ a, y).
/// Every result has a lane of its own and adds groups in ascending order, so that all widths and all numbers of rows give the same
/// bits.
/// </summary>
internal static unsafe class SplitTile<TCodes, TMinimum, TDot, TInt, TSimd, TVector>
    where TCodes : struct, ISplitCodes
    where TMinimum : struct, IMinimum
    where TDot : struct, IDotSimd<TInt, TVector>
    where TSimd : struct, ITileSimd<TVector>
    where TInt : unmanaged
    where TVector : unmanaged
{
    // A line has four bits of eight inputs.
    private static int NibbleLines => TCodes.GroupValues / 8;

    private static int GroupBytes =>
        ((NibbleLines + 1) * PackedEncodingFacts.LineBytes) + (PackedEncodingFacts.PanelRows * sizeof(ushort) * (TMinimum.IsPresent ? 2 : 1));

    public static void Multiply(TileArguments* tile) => TileSteps.Run(tile, TSimd.Count, &Four, &One);

    // Four rows share what is made of the weights: written out because the JIT neither unrolls loops nor keeps arrays in
    // registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(TileArguments* tile, int column, int row)
    {
        var codes = tile->Codes + (4 * column);
        var rows = tile->Rows;
        var scales = (ushort*)tile->Scales + column;
        var activations = tile->Activations + (TCodes.GroupValues * row);
        var factors = tile->ActivationScales + row;
        var offsets = (int*)tile->Offsets + row;
        var f0 = TSimd.Create(0f);
        var f1 = f0;
        var f2 = f0;
        var f3 = f0;
        for (var group = tile->Groups; group > 0; group--)
        {
            var lowBits = TDot.Load(codes + (NibbleLines * PackedEncodingFacts.LineBytes));
            var i0 = TDot.Create(TMinimum.IsPresent ? 0 : offsets[0]);
            var i1 = TDot.Create(TMinimum.IsPresent ? 0 : offsets[1]);
            var i2 = TDot.Create(TMinimum.IsPresent ? 0 : offsets[2]);
            var i3 = TDot.Create(TMinimum.IsPresent ? 0 : offsets[3]);
            for (var line = 0; line < NibbleLines; line++, codes += PackedEncodingFacts.LineBytes)
            {
                var nibbles = TDot.Load(codes);
                var (low, high) = (TDot.LowCodes(nibbles, lowBits, TCodes.LowBits), TDot.HighCodes(nibbles, lowBits, TCodes.LowBits));
                lowBits = TDot.NextLowBits(lowBits, TCodes.LowBits);
                var first = activations + (8 * line);
                i0 = TDot.AddCodes(i0, low, TDot.Broadcast(first), high, TDot.Broadcast(first + 4));
                i1 = TDot.AddCodes(i1, low, TDot.Broadcast(first + TCodes.GroupValues), high, TDot.Broadcast(first + TCodes.GroupValues + 4));
                i2 = TDot.AddCodes(i2, low, TDot.Broadcast(first + (2 * TCodes.GroupValues)), high, TDot.Broadcast(first + (2 * TCodes.GroupValues) + 4));
                i3 = TDot.AddCodes(i3, low, TDot.Broadcast(first + (3 * TCodes.GroupValues)), high, TDot.Broadcast(first + (3 * TCodes.GroupValues) + 4));
            }

            codes += PackedEncodingFacts.LineBytes;
            var scale = TSimd.LoadHalf(scales);
            f0 = TSimd.MultiplyAdd(TDot.ToFloat(i0), TSimd.Multiply(scale, TSimd.Create(factors[0])), f0);
            f1 = TSimd.MultiplyAdd(TDot.ToFloat(i1), TSimd.Multiply(scale, TSimd.Create(factors[1])), f1);
            f2 = TSimd.MultiplyAdd(TDot.ToFloat(i2), TSimd.Multiply(scale, TSimd.Create(factors[2])), f2);
            f3 = TSimd.MultiplyAdd(TDot.ToFloat(i3), TSimd.Multiply(scale, TSimd.Create(factors[3])), f3);
            scales += PackedEncodingFacts.PanelRows;
            if (TMinimum.IsPresent)
            {
                var minimum = TSimd.LoadHalf(scales);
                f0 = TSimd.MultiplyAdd(minimum, TSimd.Create(((float*)offsets)[0]), f0);
                f1 = TSimd.MultiplyAdd(minimum, TSimd.Create(((float*)offsets)[1]), f1);
                f2 = TSimd.MultiplyAdd(minimum, TSimd.Create(((float*)offsets)[2]), f2);
                f3 = TSimd.MultiplyAdd(minimum, TSimd.Create(((float*)offsets)[3]), f3);
                scales += PackedEncodingFacts.PanelRows;
            }

            activations += TCodes.GroupValues * rows;
            factors += rows;
            offsets += rows;
        }

        var output = tile->Output + column + (row * (tile->OutputStride / sizeof(float)));
        TSimd.Store(f0, output);
        output += tile->OutputStride / sizeof(float);
        TSimd.Store(f1, output);
        output += tile->OutputStride / sizeof(float);
        TSimd.Store(f2, output);
        output += tile->OutputStride / sizeof(float);
        TSimd.Store(f3, output);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(TileArguments* tile, int column, int row)
    {
        var codes = tile->Codes + (4 * column);
        var ahead = tile->Codes + PackedEncodingFacts.PrefetchBytes;
        var rows = tile->Rows;
        var scales = (ushort*)tile->Scales + column;
        var activations = tile->Activations + (TCodes.GroupValues * row);
        var factors = tile->ActivationScales + row;
        var offsets = (int*)tile->Offsets + row;
        var f0 = TSimd.Create(0f);
        for (var group = tile->Groups; group > 0; group--)
        {
            ahead = WeightPrefetch.Group(ahead, GroupBytes);
            var lowBits = TDot.Load(codes + (NibbleLines * PackedEncodingFacts.LineBytes));
            var i0 = TDot.Create(TMinimum.IsPresent ? 0 : offsets[0]);
            for (var line = 0; line < NibbleLines; line++, codes += PackedEncodingFacts.LineBytes)
            {
                var nibbles = TDot.Load(codes);
                var (low, high) = (TDot.LowCodes(nibbles, lowBits, TCodes.LowBits), TDot.HighCodes(nibbles, lowBits, TCodes.LowBits));
                lowBits = TDot.NextLowBits(lowBits, TCodes.LowBits);
                var first = activations + (8 * line);
                i0 = TDot.AddCodes(i0, low, TDot.Broadcast(first), high, TDot.Broadcast(first + 4));
            }

            codes += PackedEncodingFacts.LineBytes;
            var scale = TSimd.LoadHalf(scales);
            f0 = TSimd.MultiplyAdd(TDot.ToFloat(i0), TSimd.Multiply(scale, TSimd.Create(factors[0])), f0);
            scales += PackedEncodingFacts.PanelRows;
            if (TMinimum.IsPresent)
            {
                var minimum = TSimd.LoadHalf(scales);
                f0 = TSimd.MultiplyAdd(minimum, TSimd.Create(((float*)offsets)[0]), f0);
                scales += PackedEncodingFacts.PanelRows;
            }

            activations += TCodes.GroupValues * rows;
            factors += rows;
            offsets += rows;
        }

        var output = tile->Output + column + (row * (tile->OutputStride / sizeof(float)));
        TSimd.Store(f0, output);
    }
}
