using System.Runtime.CompilerServices;
using Patchbay.Engine.Kernels.Encodings;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// The expand step of LoRA (arXiv:2106.09685): adds a <see cref="LoraTerm"/> to a tile of an output. Ranks are added in ascending
/// order for every element, several rows and vectors of columns at a time where there are so many, so neither the batch
/// nor the threads change a result.
/// </summary>
internal static unsafe class AddLoraDelta
{
    // From this many rows on, columns of B are widened once for all of them; up to so many ranks they stay in the first-level cache.
    private const int WidenedRows = 16;
    private const int WidenedRanks = 64;

    /// <summary>Changes a tile of the output.</summary>
    /// <param name="term">The change of all its rows.</param>
    /// <param name="y">All rows and columns of the output.</param>
    /// <param name="tile">Which of them.</param>
    public static void Run<TSimd, TVector>(in LoraTerm term, Matrix y, in LoraTile tile)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        switch (term.Expand.Type)
        {
            case ElementType.F32: Run<F32, TSimd, TVector>(term, y, tile); break;
            case ElementType.F16: Run<F16, TSimd, TVector>(term, y, tile); break;
            case ElementType.BF16: Run<BF16, TSimd, TVector>(term, y, tile); break;
            default: throw new NotSupportedException($"An adapter stored as {term.Expand.Type} is not supported.");
        }
    }

    /// <summary>The definition, in double precision: the test of every path.</summary>
    public static void RunReference(in LoraTerm term, Matrix y)
    {
        using var row = NativeBuffer.Of<float>(term.Expand.Columns);
        for (var m = 0; m < y.Rows; m++)
        {
            var sum = new double[y.Columns];
            for (var r = 0; r < term.Expand.Rows; r++)
            {
                WeightDecoder.DecodeRow(term.Expand, r, row.Floats);
                for (var n = 0; n < y.Columns; n++)
                {
                    sum[n] += (double)term.Shrunk.Row(m)[r] * row.Floats[n];
                }
            }

            for (var n = 0; n < y.Columns; n++)
            {
                double scale = term.OutputScale is null ? 1 : term.OutputScale[n];
                double bias = term.OutputBias is null ? 0 : term.OutputBias[n];
                double before = term.Before.Data is null ? 0 : term.Before.Row(m)[n];
                y.Row(m)[n] = (float)(term.Before.Data is null
                    ? ((y.Row(m)[n] + ((double)term.Weight * term.Scale * sum[n])) * scale) + (term.Weight * bias)
                    : y.Row(m)[n] + (term.Weight * (((before + (term.Scale * sum[n])) * scale) + bias - before)));
            }
        }
    }

    private static void Run<TEncoding, TSimd, TVector>(in LoraTerm term, Matrix y, in LoraTile tile)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var sums = stackalloc float[16 * TSimd.Count];
        var row = tile.FirstRow;
        var end = tile.FirstRow + tile.RowCount;
        if (tile.RowCount >= WidenedRows && term.Expand.Rows <= WidenedRanks)
        {
            row = ManyRows<TEncoding, TSimd, TVector>(term, y, tile, sums);
        }

        for (; row <= end - 4; row += 4)
        {
            FourRows<TEncoding, TSimd, TVector>(term, y, row, tile, sums);
        }

        for (; row < end; row++)
        {
            OneRow<TEncoding, TSimd, TVector>(term, y, row, tile, sums);
        }
    }

    // Four vectors of columns of B are widened once for all rows, whole fours of which are done; returns the first row that is not.
    private static int ManyRows<TEncoding, TSimd, TVector>(in LoraTerm term, Matrix y, in LoraTile tile, float* sums)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var width = 4 * TSimd.Count;
        var wide = stackalloc float[width * term.Expand.Rows];
        var end = tile.FirstRow + (tile.RowCount & ~3);
        var column = tile.FirstColumn;
        for (; column <= tile.EndColumn - width; column += width)
        {
            for (var r = 0; r < term.Expand.Rows; r++)
            {
                for (var i = 0; i < width; i += TSimd.Count)
                {
                    TSimd.Store(TEncoding.Load<TSimd, TVector>(term.Expand.Row(r), column + i), wide + (r * width) + i);
                }
            }

            var row = tile.FirstRow;
            for (; Simd.TakesSixRows(end - row); row += 6)
            {
                SixByTwo<TSimd, TVector>(term, wide, width, y, row, column, sums);
                SixByTwo<TSimd, TVector>(term, wide + (2 * TSimd.Count), width, y, row, column + (2 * TSimd.Count), sums);
            }

            for (; row < end; row += 4)
            {
                FourVectors<F32, TSimd, TVector>(term, (byte*)(wide - column), width * sizeof(float), y, row, column, sums);
            }
        }

        for (var row = tile.FirstRow; row < end; row++)
        {
            Rest<TEncoding, TSimd, TVector>(term, y, row, column, tile.EndColumn, sums);
        }

        return end;
    }

    private static void FourRows<TEncoding, TSimd, TVector>(in LoraTerm term, Matrix y, int row, in LoraTile tile, float* sums)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var column = tile.FirstColumn;
        for (; column <= tile.EndColumn - (4 * TSimd.Count); column += 4 * TSimd.Count)
        {
            FourVectors<TEncoding, TSimd, TVector>(term, term.Expand.Data, term.Expand.RowBytes, y, row, column, sums);
        }

        for (var i = 0; i < 4; i++)
        {
            Rest<TEncoding, TSimd, TVector>(term, y, row + i, column, tile.EndColumn, sums);
        }
    }

    private static void OneRow<TEncoding, TSimd, TVector>(in LoraTerm term, Matrix y, int row, in LoraTile tile, float* sums)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var column = tile.FirstColumn;
        for (; column <= tile.EndColumn - (8 * TSimd.Count); column += 8 * TSimd.Count)
        {
            OneByEight<TEncoding, TSimd, TVector>(term, y, row, column, sums);
        }

        Rest<TEncoding, TSimd, TVector>(term, y, row, column, tile.EndColumn, sums);
    }

    private static void Rest<TEncoding, TSimd, TVector>(in LoraTerm term, Matrix y, int row, int column, int end, float* sums)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        for (; column <= end - TSimd.Count; column += TSimd.Count)
        {
            OneByOne<TEncoding, TSimd, TVector>(term, y, row, column, sums);
        }

        for (; column < end; column++)
        {
            OneByOne<TEncoding, SimdScalar, float>(term, y, row, column, sums);
        }
    }

    private static void OneByOne<TEncoding, TSimd, TVector>(in LoraTerm term, Matrix y, int row, int column, float* sums)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var t = term.Shrunk.Row(row);
        var b = term.Expand.Data;
        var sum = TSimd.Create(0f);
        for (var r = 0; r < term.Expand.Rows; r++, b += term.Expand.RowBytes)
        {
            sum = TSimd.MultiplyAdd(TEncoding.Load<TSimd, TVector>(b, column), TSimd.Create(t[r]), sum);
        }

        TSimd.Store(sum, sums);
        Finish<TSimd, TVector>(term, sums, TSimd.Count, y, row, column);
    }

    // Long enough runs of each row of B for the memory to keep up.
    private static void OneByEight<TEncoding, TSimd, TVector>(in LoraTerm term, Matrix y, int row, int column, float* sums)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var (t, b, rowBytes, rank, n) = ((nint)term.Shrunk.Row(row), (nint)term.Expand.Data, term.Expand.RowBytes, term.Expand.Rows, TSimd.Count);
        var zero = TSimd.Create(0f);
        TVector s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero, s6 = zero, s7 = zero;
        for (var r = 0; r < rank; r++, b += rowBytes)
        {
            var v = TSimd.Create(((float*)t)[r]);
            s0 = TSimd.MultiplyAdd(TEncoding.Load<TSimd, TVector>((byte*)b, column), v, s0);
            s1 = TSimd.MultiplyAdd(TEncoding.Load<TSimd, TVector>((byte*)b, column + n), v, s1);
            s2 = TSimd.MultiplyAdd(TEncoding.Load<TSimd, TVector>((byte*)b, column + (2 * n)), v, s2);
            s3 = TSimd.MultiplyAdd(TEncoding.Load<TSimd, TVector>((byte*)b, column + (3 * n)), v, s3);
            s4 = TSimd.MultiplyAdd(TEncoding.Load<TSimd, TVector>((byte*)b, column + (4 * n)), v, s4);
            s5 = TSimd.MultiplyAdd(TEncoding.Load<TSimd, TVector>((byte*)b, column + (5 * n)), v, s5);
            s6 = TSimd.MultiplyAdd(TEncoding.Load<TSimd, TVector>((byte*)b, column + (6 * n)), v, s6);
            s7 = TSimd.MultiplyAdd(TEncoding.Load<TSimd, TVector>((byte*)b, column + (7 * n)), v, s7);
        }

        if (term.IsPlain)
        {
            var scale = TSimd.Create(term.Weight * term.Scale);
            AddFour<TSimd, TVector>(s0, s1, s2, s3, scale, y.Row(row) + column);
            AddFour<TSimd, TVector>(s4, s5, s6, s7, scale, y.Row(row) + column + (4 * n));
            return;
        }

        StoreFour<TSimd, TVector>(s0, s1, s2, s3, sums);
        StoreFour<TSimd, TVector>(s4, s5, s6, s7, sums + (4 * n));
        Finish<TSimd, TVector>(term, sums, 8 * n, y, row, column);
    }

    // Four rows by four vectors of columns.
    private static void FourVectors<TEncoding, TSimd, TVector>(in LoraTerm term, byte* expand, nint rowBytes, Matrix y, int row, int column, float* sums)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        if (Simd.HasManyRegisters)
        {
            FourByFour<TEncoding, TSimd, TVector>(term, expand, rowBytes, y, row, column, sums);
        }
        else
        {
            FourByTwo<TEncoding, TSimd, TVector>(term, expand, rowBytes, y, row, column, sums);
            FourByTwo<TEncoding, TSimd, TVector>(term, expand, rowBytes, y, row, column + (2 * TSimd.Count), sums);
        }
    }

    private static void FourByTwo<TEncoding, TSimd, TVector>(in LoraTerm term, byte* expand, nint rowBytes, Matrix y, int row, int column, float* sums)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        // Native integers, which need not be extended at every use.
        var (b, rank, n) = ((nint)expand, (nint)term.Expand.Rows, TSimd.Count);
        var (first, second) = ((nint)column, (nint)column + n);
        var t0 = term.Shrunk.Row(row);
        var t1 = term.Shrunk.Row(row + 1);
        var t2 = term.Shrunk.Row(row + 2);
        var t3 = term.Shrunk.Row(row + 3);
        var zero = TSimd.Create(0f);
        TVector s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero;
        for (var r = (nint)0; r < rank; r++, b += rowBytes)
        {
            var w0 = TEncoding.Load<TSimd, TVector>((byte*)b, first);
            var w1 = TEncoding.Load<TSimd, TVector>((byte*)b, second);
            var v = TSimd.Create(t0[r]);
            s00 = TSimd.MultiplyAdd(w0, v, s00);
            s01 = TSimd.MultiplyAdd(w1, v, s01);
            v = TSimd.Create(t1[r]);
            s10 = TSimd.MultiplyAdd(w0, v, s10);
            s11 = TSimd.MultiplyAdd(w1, v, s11);
            v = TSimd.Create(t2[r]);
            s20 = TSimd.MultiplyAdd(w0, v, s20);
            s21 = TSimd.MultiplyAdd(w1, v, s21);
            v = TSimd.Create(t3[r]);
            s30 = TSimd.MultiplyAdd(w0, v, s30);
            s31 = TSimd.MultiplyAdd(w1, v, s31);
        }

        if (term.IsPlain)
        {
            var scale = TSimd.Create(term.Weight * term.Scale);
            AddTwo<TSimd, TVector>(s00, s01, scale, y.Row(row) + column);
            AddTwo<TSimd, TVector>(s10, s11, scale, y.Row(row + 1) + column);
            AddTwo<TSimd, TVector>(s20, s21, scale, y.Row(row + 2) + column);
            AddTwo<TSimd, TVector>(s30, s31, scale, y.Row(row + 3) + column);
            return;
        }

        StoreFour<TSimd, TVector>(s00, s01, s10, s11, sums);
        StoreFour<TSimd, TVector>(s20, s21, s30, s31, sums + (4 * n));
        for (var i = 0; i < 4; i++)
        {
            Finish<TSimd, TVector>(term, sums + (2 * i * n), 2 * n, y, row + i, column);
        }
    }

    // The same for six rows; B is widened.
    private static void SixByTwo<TSimd, TVector>(in LoraTerm term, float* expand, int width, Matrix y, int row, int column, float* sums)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var (b, rowBytes, rank, n) = ((nint)expand, (nint)width * sizeof(float), (nint)term.Expand.Rows, TSimd.Count);
        var t0 = term.Shrunk.Row(row);
        var t1 = term.Shrunk.Row(row + 1);
        var t2 = term.Shrunk.Row(row + 2);
        var t3 = term.Shrunk.Row(row + 3);
        var t4 = term.Shrunk.Row(row + 4);
        var t5 = term.Shrunk.Row(row + 5);
        var zero = TSimd.Create(0f);
        TVector s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero;
        TVector s40 = zero, s41 = zero, s50 = zero, s51 = zero;
        for (var r = (nint)0; r < rank; r++, b += rowBytes)
        {
            var w0 = TSimd.Load((float*)b);
            var w1 = TSimd.Load((float*)b + n);
            var v = TSimd.Create(t0[r]);
            s00 = TSimd.MultiplyAdd(w0, v, s00);
            s01 = TSimd.MultiplyAdd(w1, v, s01);
            v = TSimd.Create(t1[r]);
            s10 = TSimd.MultiplyAdd(w0, v, s10);
            s11 = TSimd.MultiplyAdd(w1, v, s11);
            v = TSimd.Create(t2[r]);
            s20 = TSimd.MultiplyAdd(w0, v, s20);
            s21 = TSimd.MultiplyAdd(w1, v, s21);
            v = TSimd.Create(t3[r]);
            s30 = TSimd.MultiplyAdd(w0, v, s30);
            s31 = TSimd.MultiplyAdd(w1, v, s31);
            v = TSimd.Create(t4[r]);
            s40 = TSimd.MultiplyAdd(w0, v, s40);
            s41 = TSimd.MultiplyAdd(w1, v, s41);
            v = TSimd.Create(t5[r]);
            s50 = TSimd.MultiplyAdd(w0, v, s50);
            s51 = TSimd.MultiplyAdd(w1, v, s51);
        }

        if (term.IsPlain)
        {
            var scale = TSimd.Create(term.Weight * term.Scale);
            AddTwo<TSimd, TVector>(s00, s01, scale, y.Row(row) + column);
            AddTwo<TSimd, TVector>(s10, s11, scale, y.Row(row + 1) + column);
            AddTwo<TSimd, TVector>(s20, s21, scale, y.Row(row + 2) + column);
            AddTwo<TSimd, TVector>(s30, s31, scale, y.Row(row + 3) + column);
            AddTwo<TSimd, TVector>(s40, s41, scale, y.Row(row + 4) + column);
            AddTwo<TSimd, TVector>(s50, s51, scale, y.Row(row + 5) + column);
            return;
        }

        StoreFour<TSimd, TVector>(s00, s01, s10, s11, sums);
        StoreFour<TSimd, TVector>(s20, s21, s30, s31, sums + (4 * n));
        StoreFour<TSimd, TVector>(s40, s41, s50, s51, sums + (8 * n));
        for (var i = 0; i < 6; i++)
        {
            Finish<TSimd, TVector>(term, sums + (2 * i * n), 2 * n, y, row + i, column);
        }
    }

    // Written out because the JIT neither unrolls nor keeps arrays of vectors in registers. No call may come between the loop and
    // the last use of an accumulator: the JIT would keep all of them on the stack inside the loop, at a quarter of the speed.
    private static void FourByFour<TEncoding, TSimd, TVector>(in LoraTerm term, byte* expand, nint rowBytes, Matrix y, int row, int column, float* sums)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var (b, rank, n) = ((nint)expand, term.Expand.Rows, TSimd.Count);
        var t0 = term.Shrunk.Row(row);
        var t1 = term.Shrunk.Row(row + 1);
        var t2 = term.Shrunk.Row(row + 2);
        var t3 = term.Shrunk.Row(row + 3);
        var zero = TSimd.Create(0f);
        TVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        TVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        TVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
        TVector s30 = zero, s31 = zero, s32 = zero, s33 = zero;
        for (var r = 0; r < rank; r++, b += rowBytes)
        {
            var w0 = TEncoding.Load<TSimd, TVector>((byte*)b, column);
            var w1 = TEncoding.Load<TSimd, TVector>((byte*)b, column + n);
            var w2 = TEncoding.Load<TSimd, TVector>((byte*)b, column + (2 * n));
            var w3 = TEncoding.Load<TSimd, TVector>((byte*)b, column + (3 * n));
            var v = TSimd.Create(t0[r]);
            s00 = TSimd.MultiplyAdd(w0, v, s00);
            s01 = TSimd.MultiplyAdd(w1, v, s01);
            s02 = TSimd.MultiplyAdd(w2, v, s02);
            s03 = TSimd.MultiplyAdd(w3, v, s03);
            v = TSimd.Create(t1[r]);
            s10 = TSimd.MultiplyAdd(w0, v, s10);
            s11 = TSimd.MultiplyAdd(w1, v, s11);
            s12 = TSimd.MultiplyAdd(w2, v, s12);
            s13 = TSimd.MultiplyAdd(w3, v, s13);
            v = TSimd.Create(t2[r]);
            s20 = TSimd.MultiplyAdd(w0, v, s20);
            s21 = TSimd.MultiplyAdd(w1, v, s21);
            s22 = TSimd.MultiplyAdd(w2, v, s22);
            s23 = TSimd.MultiplyAdd(w3, v, s23);
            v = TSimd.Create(t3[r]);
            s30 = TSimd.MultiplyAdd(w0, v, s30);
            s31 = TSimd.MultiplyAdd(w1, v, s31);
            s32 = TSimd.MultiplyAdd(w2, v, s32);
            s33 = TSimd.MultiplyAdd(w3, v, s33);
        }

        if (term.IsPlain)
        {
            var scale = TSimd.Create(term.Weight * term.Scale);
            AddFour<TSimd, TVector>(s00, s01, s02, s03, scale, y.Row(row) + column);
            AddFour<TSimd, TVector>(s10, s11, s12, s13, scale, y.Row(row + 1) + column);
            AddFour<TSimd, TVector>(s20, s21, s22, s23, scale, y.Row(row + 2) + column);
            AddFour<TSimd, TVector>(s30, s31, s32, s33, scale, y.Row(row + 3) + column);
            return;
        }

        StoreFour<TSimd, TVector>(s00, s01, s02, s03, sums);
        StoreFour<TSimd, TVector>(s10, s11, s12, s13, sums + (4 * n));
        StoreFour<TSimd, TVector>(s20, s21, s22, s23, sums + (8 * n));
        StoreFour<TSimd, TVector>(s30, s31, s32, s33, sums + (12 * n));
        for (var i = 0; i < 4; i++)
        {
            Finish<TSimd, TVector>(term, sums + (4 * i * n), 4 * n, y, row + i, column);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTwo<TSimd, TVector>(TVector s0, TVector s1, TVector scale, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        TSimd.Store(TSimd.MultiplyAdd(s0, scale, TSimd.Load(y)), y);
        TSimd.Store(TSimd.MultiplyAdd(s1, scale, TSimd.Load(y + TSimd.Count)), y + TSimd.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddFour<TSimd, TVector>(TVector s0, TVector s1, TVector s2, TVector s3, TVector scale, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        AddTwo<TSimd, TVector>(s0, s1, scale, y);
        AddTwo<TSimd, TVector>(s2, s3, scale, y + (2 * TSimd.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour<TSimd, TVector>(TVector s0, TVector s1, TVector s2, TVector s3, float* target)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        TSimd.Store(s0, target);
        TSimd.Store(s1, target + TSimd.Count);
        TSimd.Store(s2, target + (2 * TSimd.Count));
        TSimd.Store(s3, target + (3 * TSimd.Count));
    }

    // Sums of whole vectors of columns become outputs.
    private static void Finish<TSimd, TVector>(in LoraTerm term, float* sums, int count, Matrix y, int row, int column)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var target = y.Row(row) + column;
        for (var i = 0; i < count; i += TSimd.Count)
        {
            TSimd.Store(Changed<TSimd, TVector>(term, TSimd.Load(sums + i), TSimd.Load(target + i), row, column + i), target + i);
        }
    }

    private static TVector Changed<TSimd, TVector>(in LoraTerm term, TVector sum, TVector y, int row, int column)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var isPart = term.Before.Data is not null;
        var weight = TSimd.Create(term.Weight);
        var before = isPart ? TSimd.Load(term.Before.Row(row) + column) : y;
        var changed = TSimd.MultiplyAdd(sum, TSimd.Create(isPart ? term.Scale : term.Weight * term.Scale), before);
        if (term.OutputScale is not null)
        {
            changed = TSimd.Multiply(changed, TSimd.Load(term.OutputScale + column));
        }

        if (term.OutputBias is not null)
        {
            changed = TSimd.MultiplyAdd(TSimd.Load(term.OutputBias + column), isPart ? TSimd.Create(1f) : weight, changed);
        }

        return isPart ? TSimd.MultiplyAdd(TSimd.Subtract(changed, before), weight, y) : changed;
    }
}
