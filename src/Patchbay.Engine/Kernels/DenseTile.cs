using System.Runtime.CompilerServices;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// Products of float32 weight rows and activation rows: y[m, n] = Σₖ w[n, k]·x[m, k].
/// Every element has one accumulator vector; lane j adds k ≡ j in ascending order, then lanes are added, then the
/// values past the last whole vector. The order is the same in every tile shape, so a result does not
/// depend on how many rows are computed together.
/// </summary>
internal static unsafe class DenseTile
{
    /// <summary>Weight rows that are computed together.</summary>
    public const int WeightRows = 4;

    /// <summary>Multiplies <paramref name="rows"/> weight rows with all rows of <paramref name="x"/> into y[:, column …].</summary>
    /// <param name="weights">First weight row.</param>
    /// <param name="stride">Values from one weight row to the next.</param>
    /// <param name="rows">1 to <see cref="WeightRows"/>.</param>
    /// <param name="x">Activations (m, k).</param>
    /// <param name="y">Results (m, n).</param>
    /// <param name="column">Column of y for the first weight row.</param>
    public static void Multiply<TSimd, TVector>(float* weights, nint stride, int rows, Matrix x, Matrix y, int column)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        if (rows < WeightRows)
        {
            for (var n = 0; n < rows; n++)
            {
                for (var m = 0; m < x.Rows; m++)
                {
                    y.Row(m)[column + n] = Dot<TSimd, TVector>(weights + n * stride, x.Row(m), x.Columns);
                }
            }

            return;
        }

        var row = 0;
        for (; Simd.HasManyRegisters && row <= x.Rows - 4; row += 4)
        {
            FourByFour<TSimd, TVector>(weights, stride, x.Row(row), x.Stride, x.Columns, y.Row(row) + column, y.Stride);
        }

        for (; row <= x.Rows - 2; row += 2)
        {
            FourByTwo<TSimd, TVector>(weights, stride, x.Row(row), x.Row(row + 1), x.Columns, y.Row(row) + column, y.Row(row + 1) + column);
        }

        for (; row < x.Rows; row++)
        {
            FourByOne<TSimd, TVector>(weights, stride, x.Row(row), x.Columns, y.Row(row) + column);
        }
    }

    /// <summary>One element, in the order of all tiles.</summary>
    public static float Dot<TSimd, TVector>(float* w, float* x, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var sum = TSimd.Create(0f);
        var k = 0;
        for (; k <= columns - TSimd.Count; k += TSimd.Count)
        {
            sum = TSimd.MultiplyAdd(TSimd.Load(w + k), TSimd.Load(x + k), sum);
        }

        var sums = stackalloc float[WeightRows];
        var zero = TSimd.Create(0f);
        TSimd.StoreSums(sum, zero, zero, zero, sums);
        AddTail(w, 0, x, k, columns, sums, 1);
        return *sums;
    }

    private static void FourByOne<TSimd, TVector>(float* w, nint stride, float* x, int columns, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var w1 = w + stride;
        var w2 = w1 + stride;
        var w3 = w2 + stride;
        var s0 = TSimd.Create(0f);
        var s1 = s0;
        var s2 = s0;
        var s3 = s0;
        var k = 0;
        for (; k <= columns - TSimd.Count; k += TSimd.Count)
        {
            var a = TSimd.Load(x + k);
            s0 = TSimd.MultiplyAdd(TSimd.Load(w + k), a, s0);
            s1 = TSimd.MultiplyAdd(TSimd.Load(w1 + k), a, s1);
            s2 = TSimd.MultiplyAdd(TSimd.Load(w2 + k), a, s2);
            s3 = TSimd.MultiplyAdd(TSimd.Load(w3 + k), a, s3);
        }

        TSimd.StoreSums(s0, s1, s2, s3, y);
        AddTail(w, stride, x, k, columns, y, WeightRows);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourByTwo<TSimd, TVector>(float* w, nint stride, float* x0, float* x1, int columns, float* y0, float* y1)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var w1 = w + stride;
        var w2 = w1 + stride;
        var w3 = w2 + stride;
        var zero = TSimd.Create(0f);
        TVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        TVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        var k = 0;
        for (; k <= columns - TSimd.Count; k += TSimd.Count)
        {
            var first = TSimd.Load(x0 + k);
            var second = TSimd.Load(x1 + k);
            var weight = TSimd.Load(w + k);
            s00 = TSimd.MultiplyAdd(weight, first, s00);
            s10 = TSimd.MultiplyAdd(weight, second, s10);
            weight = TSimd.Load(w1 + k);
            s01 = TSimd.MultiplyAdd(weight, first, s01);
            s11 = TSimd.MultiplyAdd(weight, second, s11);
            weight = TSimd.Load(w2 + k);
            s02 = TSimd.MultiplyAdd(weight, first, s02);
            s12 = TSimd.MultiplyAdd(weight, second, s12);
            weight = TSimd.Load(w3 + k);
            s03 = TSimd.MultiplyAdd(weight, first, s03);
            s13 = TSimd.MultiplyAdd(weight, second, s13);
        }

        TSimd.StoreSums(s00, s01, s02, s03, y0);
        TSimd.StoreSums(s10, s11, s12, s13, y1);
        AddTail(w, stride, x0, k, columns, y0, WeightRows);
        AddTail(w, stride, x1, k, columns, y1, WeightRows);
    }

    // Sixteen accumulators, four weights and one activation stay in registers: written out because the JIT neither unrolls
    // nor keeps arrays of vectors in registers. No call may come between the loop and the last use of an accumulator: the JIT would
    // keep all of them on the stack inside the loop, at a quarter of the speed; nor may a profile decide what is inlined, which did the same in some runs.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourByFour<TSimd, TVector>(float* w, nint stride, float* x, nint xStride, int columns, float* y, nint yStride)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var w1 = w + stride;
        var w2 = w1 + stride;
        var w3 = w2 + stride;
        var x1 = x + xStride;
        var x2 = x1 + xStride;
        var x3 = x2 + xStride;
        var zero = TSimd.Create(0f);
        TVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        TVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        TVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
        TVector s30 = zero, s31 = zero, s32 = zero, s33 = zero;
        var k = 0;
        for (; k <= columns - TSimd.Count; k += TSimd.Count)
        {
            var a = TSimd.Load(w + k);
            var b = TSimd.Load(w1 + k);
            var c = TSimd.Load(w2 + k);
            var d = TSimd.Load(w3 + k);
            var v = TSimd.Load(x + k);
            s00 = TSimd.MultiplyAdd(a, v, s00);
            s01 = TSimd.MultiplyAdd(b, v, s01);
            s02 = TSimd.MultiplyAdd(c, v, s02);
            s03 = TSimd.MultiplyAdd(d, v, s03);
            v = TSimd.Load(x1 + k);
            s10 = TSimd.MultiplyAdd(a, v, s10);
            s11 = TSimd.MultiplyAdd(b, v, s11);
            s12 = TSimd.MultiplyAdd(c, v, s12);
            s13 = TSimd.MultiplyAdd(d, v, s13);
            v = TSimd.Load(x2 + k);
            s20 = TSimd.MultiplyAdd(a, v, s20);
            s21 = TSimd.MultiplyAdd(b, v, s21);
            s22 = TSimd.MultiplyAdd(c, v, s22);
            s23 = TSimd.MultiplyAdd(d, v, s23);
            v = TSimd.Load(x3 + k);
            s30 = TSimd.MultiplyAdd(a, v, s30);
            s31 = TSimd.MultiplyAdd(b, v, s31);
            s32 = TSimd.MultiplyAdd(c, v, s32);
            s33 = TSimd.MultiplyAdd(d, v, s33);
        }

        TSimd.StoreSums(s00, s01, s02, s03, y);
        TSimd.StoreSums(s10, s11, s12, s13, y + yStride);
        TSimd.StoreSums(s20, s21, s22, s23, y + (2 * yStride));
        TSimd.StoreSums(s30, s31, s32, s33, y + (3 * yStride));
        for (var row = 0; row < 4; row++)
        {
            AddTail(w, stride, x + (row * xStride), k, columns, y + (row * yStride), WeightRows);
        }
    }

    // What is past the last whole vector, for each weight row.
    private static void AddTail(float* w, nint stride, float* x, int k, int columns, float* sums, int rows)
    {
        for (; k < columns; k++)
        {
            for (var row = 0; row < rows; row++)
            {
                sums[row] = MathF.FusedMultiplyAdd(w[(row * stride) + k], x[k], sums[row]);
            }
        }
    }
}
