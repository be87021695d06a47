using System.Runtime.CompilerServices;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>
/// A panel of Q8 times some rows: y = Σ over groups of fma(float(Σ q·a), d·s, y), where q and d are the weights' codes and scale, a and s
/// those of the activations.
/// Every result has a lane of its own and adds groups in ascending order, so that all widths and all numbers of rows give the same
/// bits.
/// </summary>
internal static unsafe class Q8Tile<TDot, TInt, TSimd, TVector>
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
            var i0 = TDot.Start(offsets[0]);
            var i1 = TDot.Start(offsets[1]);
            var i2 = TDot.Start(offsets[2]);
            var i3 = TDot.Start(offsets[3]);
            for (var line = 0; line < 8; line++, codes += PackedEncodingFacts.LineBytes)
            {
                var weights = TDot.Load(codes);
                var (magnitude, sign) = (TDot.Magnitude(weights), TDot.Sign(weights));
                i0 = TDot.AddBytes(i0, magnitude, sign, TDot.Broadcast(activations + (4 * line)));
                i1 = TDot.AddBytes(i1, magnitude, sign, TDot.Broadcast(activations + 32 + (4 * line)));
                i2 = TDot.AddBytes(i2, magnitude, sign, TDot.Broadcast(activations + 64 + (4 * line)));
                i3 = TDot.AddBytes(i3, magnitude, sign, TDot.Broadcast(activations + 96 + (4 * line)));
            }

            var scale = TSimd.LoadHalf(scales);
            f0 = TSimd.MultiplyAdd(TDot.ToFloat(i0), TSimd.Multiply(scale, TSimd.Create(factors[0])), f0);
            f1 = TSimd.MultiplyAdd(TDot.ToFloat(i1), TSimd.Multiply(scale, TSimd.Create(factors[1])), f1);
            f2 = TSimd.MultiplyAdd(TDot.ToFloat(i2), TSimd.Multiply(scale, TSimd.Create(factors[2])), f2);
            f3 = TSimd.MultiplyAdd(TDot.ToFloat(i3), TSimd.Multiply(scale, TSimd.Create(factors[3])), f3);
            scales += PackedEncodingFacts.PanelRows;
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
        var groupBytes = PackedEncoding.Q8.GroupBytes();
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
            var i0 = TDot.Start(offsets[0]);
            for (var line = 0; line < 8; line++, codes += PackedEncodingFacts.LineBytes)
            {
                var weights = TDot.Load(codes);
                var (magnitude, sign) = (TDot.Magnitude(weights), TDot.Sign(weights));
                i0 = TDot.AddBytes(i0, magnitude, sign, TDot.Broadcast(activations + (4 * line)));
            }

            var scale = TSimd.LoadHalf(scales);
            f0 = TSimd.MultiplyAdd(TDot.ToFloat(i0), TSimd.Multiply(scale, TSimd.Create(factors[0])), f0);
            scales += PackedEncodingFacts.PanelRows;
            activations += PackedEncodingFacts.UsualGroupValues * rows;
            factors += rows;
            offsets += rows;
        }

        var output = tile->Output + column + (row * (tile->OutputStride / sizeof(float)));
        TSimd.Store(f0, output);
    }
}
