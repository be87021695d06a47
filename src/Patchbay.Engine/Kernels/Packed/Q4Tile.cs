using System.Runtime.CompilerServices;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>
/// A panel of Q4 times some rows: y = Σ over groups of fma(float(Σ (q − 8)·a), d·s, y); with a minimum m, the group adds
/// fma(float(Σ q·a), d·s, y) and then fma(m, s·Σ a, y).
/// Every result has a lane of its own and adds groups in ascending order, so that all widths and all numbers of rows give the same
/// bits.
/// </summary>
internal static unsafe class Q4Tile<TMinimum, TDot, TInt, TSimd, TVector>
    where TMinimum : struct, IMinimum
    where TDot : struct, IDotSimd<TInt, TVector>
    where TSimd : struct, ITileSimd<TVector>
    where TInt : unmanaged
    where TVector : unmanaged
{
    public static void Multiply(TileArguments* tile) => TileSteps.Run(tile, TSimd.Count, &Four, &One);

    // Four rows share what is made of the weights: written out because the JIT neither unrolls loops nor keeps arrays in
    // registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(TileArguments* tile, int column, int row)
    {
        var codes = tile->Codes + (4 * column);
        var rows = tile->Rows;
        var scales = (ushort*)tile->Scales + column;
        var activations = tile->Activations + (PackedEncodingFacts.UsualGroupValues * row);
        var factors = tile->ActivationScales + row;
        var offsets = (int*)tile->Offsets + row;
        var f0 = TSimd.Create(0f);
        var f1 = f0;
        var f2 = f0;
        var f3 = f0;
        for (var group = tile->Groups; group > 0; group--)
        {
            var i0 = default(TInt);
            var i1 = default(TInt);
            var i2 = default(TInt);
            var i3 = default(TInt);
            for (var line = 0; line < 4; line++, codes += PackedEncodingFacts.LineBytes)
            {
                var weights = TDot.Load(codes);
                var (low, high) = (TDot.LowNibbles(weights), TDot.HighNibbles(weights));
                i0 = TDot.AddNibbles(i0, low, TDot.Broadcast(activations + (4 * line)));
                i0 = TDot.AddNibbles(i0, high, TDot.Broadcast(activations + 16 + (4 * line)));
                i1 = TDot.AddNibbles(i1, low, TDot.Broadcast(activations + 32 + (4 * line)));
                i1 = TDot.AddNibbles(i1, high, TDot.Broadcast(activations + 48 + (4 * line)));
                i2 = TDot.AddNibbles(i2, low, TDot.Broadcast(activations + 64 + (4 * line)));
                i2 = TDot.AddNibbles(i2, high, TDot.Broadcast(activations + 80 + (4 * line)));
                i3 = TDot.AddNibbles(i3, low, TDot.Broadcast(activations + 96 + (4 * line)));
                i3 = TDot.AddNibbles(i3, high, TDot.Broadcast(activations + 112 + (4 * line)));
            }

            var scale = TSimd.LoadHalf(scales);
            f0 = TSimd.MultiplyAdd(TDot.ToFloat(TDot.FinishNibbles(i0, TMinimum.IsPresent ? 0 : offsets[0])), TSimd.Multiply(scale, TSimd.Create(factors[0])), f0);
            f1 = TSimd.MultiplyAdd(TDot.ToFloat(TDot.FinishNibbles(i1, TMinimum.IsPresent ? 0 : offsets[1])), TSimd.Multiply(scale, TSimd.Create(factors[1])), f1);
            f2 = TSimd.MultiplyAdd(TDot.ToFloat(TDot.FinishNibbles(i2, TMinimum.IsPresent ? 0 : offsets[2])), TSimd.Multiply(scale, TSimd.Create(factors[2])), f2);
            f3 = TSimd.MultiplyAdd(TDot.ToFloat(TDot.FinishNibbles(i3, TMinimum.IsPresent ? 0 : offsets[3])), TSimd.Multiply(scale, TSimd.Create(factors[3])), f3);
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

            activations += PackedEncodingFacts.UsualGroupValues * rows;
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
        var groupBytes = (TMinimum.IsPresent ? PackedEncoding.Q4Minimum : PackedEncoding.Q4).GroupBytes();
        var ahead = tile->Codes + PackedEncodingFacts.PrefetchBytes;
        var rows = tile->Rows;
        var scales = (ushort*)tile->Scales + column;
        var activations = tile->Activations + (PackedEncodingFacts.UsualGroupValues * row);
        var factors = tile->ActivationScales + row;
        var offsets = (int*)tile->Offsets + row;
        var f0 = TSimd.Create(0f);
        for (var group = tile->Groups; group > 0; group--)
        {
            ahead = WeightPrefetch.Group(ahead, groupBytes);
            var i0 = default(TInt);
            for (var line = 0; line < 4; line++, codes += PackedEncodingFacts.LineBytes)
            {
                var weights = TDot.Load(codes);
                var (low, high) = (TDot.LowNibbles(weights), TDot.HighNibbles(weights));
                i0 = TDot.AddNibbles(i0, low, TDot.Broadcast(activations + (4 * line)));
                i0 = TDot.AddNibbles(i0, high, TDot.Broadcast(activations + 16 + (4 * line)));
            }

            var scale = TSimd.LoadHalf(scales);
            f0 = TSimd.MultiplyAdd(TDot.ToFloat(TDot.FinishNibbles(i0, TMinimum.IsPresent ? 0 : offsets[0])), TSimd.Multiply(scale, TSimd.Create(factors[0])), f0);
            scales += PackedEncodingFacts.PanelRows;
            if (TMinimum.IsPresent)
            {
                var minimum = TSimd.LoadHalf(scales);
                f0 = TSimd.MultiplyAdd(minimum, TSimd.Create(((float*)offsets)[0]), f0);
                scales += PackedEncodingFacts.PanelRows;
            }

            activations += PackedEncodingFacts.UsualGroupValues * rows;
            factors += rows;
            offsets += rows;
        }

        var output = tile->Output + column + (row * (tile->OutputStride / sizeof(float)));
        TSimd.Store(f0, output);
    }
}

/// <summary>Whether groups have a minimum: known to the compiler, so that it costs nothing where there is none.</summary>
internal interface IMinimum
{
    static abstract bool IsPresent { get; }
}

internal readonly struct WithMinimum : IMinimum
{
    public static bool IsPresent => true;
}

internal readonly struct WithoutMinimum : IMinimum
{
    public static bool IsPresent => false;
}
