using Patchbay.Engine.Kernels.Encodings;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// The shrink step of LoRA (arXiv:2106.09685): t = x·Aᵀ for rows x (m, k) and A (r, k) as it is stored. Values are widened on
/// their way into the registers, because A of a decode step is read once and its bytes are what it costs. Every element has
/// one accumulator vector; lane j adds k ≡ j in ascending order, then lanes are added, then the values past the last whole
/// vector: the same in every tile shape, so a result does not depend on how many rows or ranks are computed together.
/// </summary>
internal static unsafe class ShrinkLora
{
    private const int Block = 4;
    private const int Six = 6;

    /// <summary>Writes columns <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/> of t.</summary>
    public static void Multiply<TSimd, TVector>(WeightMatrix a, int first, int count, Matrix x, Matrix t)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        switch (a.Type)
        {
            case ElementType.F32: Multiply<F32, TSimd, TVector>(a, first, count, x, t); break;
            case ElementType.F16: Multiply<F16, TSimd, TVector>(a, first, count, x, t); break;
            case ElementType.BF16: Multiply<BF16, TSimd, TVector>(a, first, count, x, t); break;
            default: throw new NotSupportedException($"An adapter stored as {a.Type} is not supported.");
        }
    }

    private static void Multiply<TEncoding, TSimd, TVector>(WeightMatrix a, int first, int count, Matrix x, Matrix t)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        // Some rows stay in the first-level cache while all ranks, which are half as wide, pass over them.
        var (row, end) = (0, first + count);
        for (int rows; row <= x.Rows - Block; row += rows)
        {
            rows = Simd.TakesSixRows(x.Rows - row) ? Six : Block;
            var rank = first;
            for (; Simd.HasManyRegisters && rank <= end - Block; rank += Block)
            {
                FourByFour<TEncoding, TSimd, TVector>(a.Row(rank), a.RowBytes, x.Slice(row, rows), t.Row(row) + rank, t.Stride);
            }

            for (; rank <= end - 2; rank += 2)
            {
                if (rows == Six)
                {
                    SixByTwo<TEncoding, TSimd, TVector>(a.Row(rank), a.RowBytes, x.Slice(row, rows), t.Row(row) + rank, t.Stride);
                }
                else
                {
                    FourByTwo<TEncoding, TSimd, TVector>(a.Row(rank), a.RowBytes, x.Slice(row, rows), t.Row(row) + rank, t.Stride);
                }
            }

            for (var i = row; i < row + rows; i++)
            {
                Rest<TEncoding, TSimd, TVector>(a, rank, end, x.Row(i), x.Columns, t.Row(i));
            }
        }

        for (; row < x.Rows; row++)
        {
            var rank = first;
            for (; rank <= end - Block; rank += Block)
            {
                FourByOne<TEncoding, TSimd, TVector>(a.Row(rank), a.RowBytes, x.Row(row), x.Columns, t.Row(row) + rank);
            }

            Rest<TEncoding, TSimd, TVector>(a, rank, end, x.Row(row), x.Columns, t.Row(row));
        }
    }

    private static void Rest<TEncoding, TSimd, TVector>(WeightMatrix a, int rank, int end, float* x, int columns, float* t)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        for (; rank < end; rank++)
        {
            t[rank] = Dot<TEncoding, TSimd, TVector>(a.Row(rank), x, columns);
        }
    }

    private static float Dot<TEncoding, TSimd, TVector>(byte* a, float* x, int columns)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var sum = TSimd.Create(0f);
        var k = 0;
        for (; k <= columns - TSimd.Count; k += TSimd.Count)
        {
            sum = TSimd.MultiplyAdd(TEncoding.Load<TSimd, TVector>(a, k), TSimd.Load(x + k), sum);
        }

        var sums = stackalloc float[Block];
        var zero = TSimd.Create(0f);
        TSimd.StoreSums(sum, zero, zero, zero, sums);
        AddTail<TEncoding>(a, 0, x, k, columns, sums, 1);
        return *sums;
    }

    private static void FourByOne<TEncoding, TSimd, TVector>(byte* a, nint rowBytes, float* x, int columns, float* t)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var a1 = a + rowBytes;
        var a2 = a1 + rowBytes;
        var a3 = a2 + rowBytes;
        var s0 = TSimd.Create(0f);
        var s1 = s0;
        var s2 = s0;
        var s3 = s0;
        var k = 0;
        for (; k <= columns - TSimd.Count; k += TSimd.Count)
        {
            var v = TSimd.Load(x + k);
            s0 = TSimd.MultiplyAdd(TEncoding.Load<TSimd, TVector>(a, k), v, s0);
            s1 = TSimd.MultiplyAdd(TEncoding.Load<TSimd, TVector>(a1, k), v, s1);
            s2 = TSimd.MultiplyAdd(TEncoding.Load<TSimd, TVector>(a2, k), v, s2);
            s3 = TSimd.MultiplyAdd(TEncoding.Load<TSimd, TVector>(a3, k), v, s3);
        }

        TSimd.StoreSums(s0, s1, s2, s3, t);
        AddTail<TEncoding>(a, rowBytes, x, k, columns, t, Block);
    }

    private static void FourByTwo<TEncoding, TSimd, TVector>(byte* a, nint rowBytes, Matrix x, float* t, nint tStride)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var a1 = a + rowBytes;
        var (x0, x1, x2, x3, columns) = ((nint)x.Row(0), (nint)x.Row(1), (nint)x.Row(2), (nint)x.Row(3), x.Columns);
        var zero = TSimd.Create(0f);
        TVector s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero;
        // Native integers, which need not be extended at every use.
        var k = (nint)0;
        for (var last = (nint)columns - TSimd.Count; k <= last; k += TSimd.Count)
        {
            var w0 = TEncoding.Load<TSimd, TVector>(a, k);
            var w1 = TEncoding.Load<TSimd, TVector>(a1, k);
            var v = TSimd.Load((float*)x0 + k);
            s00 = TSimd.MultiplyAdd(w0, v, s00);
            s01 = TSimd.MultiplyAdd(w1, v, s01);
            v = TSimd.Load((float*)x1 + k);
            s10 = TSimd.MultiplyAdd(w0, v, s10);
            s11 = TSimd.MultiplyAdd(w1, v, s11);
            v = TSimd.Load((float*)x2 + k);
            s20 = TSimd.MultiplyAdd(w0, v, s20);
            s21 = TSimd.MultiplyAdd(w1, v, s21);
            v = TSimd.Load((float*)x3 + k);
            s30 = TSimd.MultiplyAdd(w0, v, s30);
            s31 = TSimd.MultiplyAdd(w1, v, s31);
        }

        // Rows of a rank each: what a vector of sums becomes does not depend on its three neighbours.
        var sums = stackalloc float[2 * Block];
        TSimd.StoreSums(s00, s10, s20, s30, sums);
        TSimd.StoreSums(s01, s11, s21, s31, sums + Block);
        for (var row = 0; row < Block; row++)
        {
            var target = t + (row * tStride);
            target[0] = sums[row];
            target[1] = sums[Block + row];
            AddTail<TEncoding>(a, rowBytes, x.Row(row), (int)k, columns, target, 2);
        }
    }

    private static void SixByTwo<TEncoding, TSimd, TVector>(byte* a, nint rowBytes, Matrix x, float* t, nint tStride)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var a1 = a + rowBytes;
        var (x0, x1, x2, x3, x4, x5, columns) =
            ((nint)x.Row(0), (nint)x.Row(1), (nint)x.Row(2), (nint)x.Row(3), (nint)x.Row(4), (nint)x.Row(5), x.Columns);
        var zero = TSimd.Create(0f);
        TVector s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero;
        TVector s40 = zero, s41 = zero, s50 = zero, s51 = zero;
        // Native integers, which need not be extended at every use.
        var k = (nint)0;
        for (var last = (nint)columns - TSimd.Count; k <= last; k += TSimd.Count)
        {
            var w0 = TEncoding.Load<TSimd, TVector>(a, k);
            var w1 = TEncoding.Load<TSimd, TVector>(a1, k);
            var v = TSimd.Load((float*)x0 + k);
            s00 = TSimd.MultiplyAdd(w0, v, s00);
            s01 = TSimd.MultiplyAdd(w1, v, s01);
            v = TSimd.Load((float*)x1 + k);
            s10 = TSimd.MultiplyAdd(w0, v, s10);
            s11 = TSimd.MultiplyAdd(w1, v, s11);
            v = TSimd.Load((float*)x2 + k);
            s20 = TSimd.MultiplyAdd(w0, v, s20);
            s21 = TSimd.MultiplyAdd(w1, v, s21);
            v = TSimd.Load((float*)x3 + k);
            s30 = TSimd.MultiplyAdd(w0, v, s30);
            s31 = TSimd.MultiplyAdd(w1, v, s31);
            v = TSimd.Load((float*)x4 + k);
            s40 = TSimd.MultiplyAdd(w0, v, s40);
            s41 = TSimd.MultiplyAdd(w1, v, s41);
            v = TSimd.Load((float*)x5 + k);
            s50 = TSimd.MultiplyAdd(w0, v, s50);
            s51 = TSimd.MultiplyAdd(w1, v, s51);
        }

        var sums = stackalloc float[4 * Block];
        TSimd.StoreSums(s00, s10, s20, s30, sums);
        TSimd.StoreSums(s40, s50, zero, zero, sums + Block);
        TSimd.StoreSums(s01, s11, s21, s31, sums + (2 * Block));
        TSimd.StoreSums(s41, s51, zero, zero, sums + (3 * Block));
        for (var row = 0; row < Six; row++)
        {
            var target = t + (row * tStride);
            target[0] = sums[row];
            target[1] = sums[(2 * Block) + row];
            AddTail<TEncoding>(a, rowBytes, x.Row(row), (int)k, columns, target, 2);
        }
    }

    // Written out because the JIT neither unrolls nor keeps arrays of vectors in registers. No call may come between the loop and
    // the last use of an accumulator: the JIT would keep all of them on the stack inside the loop, at a quarter of the speed.
    private static void FourByFour<TEncoding, TSimd, TVector>(byte* a, nint rowBytes, Matrix x, float* t, nint tStride)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var a1 = a + rowBytes;
        var a2 = a1 + rowBytes;
        var a3 = a2 + rowBytes;
        var (x0, x1, x2, x3, columns) = ((nint)x.Row(0), (nint)x.Row(1), (nint)x.Row(2), (nint)x.Row(3), x.Columns);
        var zero = TSimd.Create(0f);
        TVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        TVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        TVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
        TVector s30 = zero, s31 = zero, s32 = zero, s33 = zero;
        var k = 0;
        for (; k <= columns - TSimd.Count; k += TSimd.Count)
        {
            var w0 = TEncoding.Load<TSimd, TVector>(a, k);
            var w1 = TEncoding.Load<TSimd, TVector>(a1, k);
            var w2 = TEncoding.Load<TSimd, TVector>(a2, k);
            var w3 = TEncoding.Load<TSimd, TVector>(a3, k);
            var v = TSimd.Load((float*)x0 + k);
            s00 = TSimd.MultiplyAdd(w0, v, s00);
            s01 = TSimd.MultiplyAdd(w1, v, s01);
            s02 = TSimd.MultiplyAdd(w2, v, s02);
            s03 = TSimd.MultiplyAdd(w3, v, s03);
            v = TSimd.Load((float*)x1 + k);
            s10 = TSimd.MultiplyAdd(w0, v, s10);
            s11 = TSimd.MultiplyAdd(w1, v, s11);
            s12 = TSimd.MultiplyAdd(w2, v, s12);
            s13 = TSimd.MultiplyAdd(w3, v, s13);
            v = TSimd.Load((float*)x2 + k);
            s20 = TSimd.MultiplyAdd(w0, v, s20);
            s21 = TSimd.MultiplyAdd(w1, v, s21);
            s22 = TSimd.MultiplyAdd(w2, v, s22);
            s23 = TSimd.MultiplyAdd(w3, v, s23);
            v = TSimd.Load((float*)x3 + k);
            s30 = TSimd.MultiplyAdd(w0, v, s30);
            s31 = TSimd.MultiplyAdd(w1, v, s31);
            s32 = TSimd.MultiplyAdd(w2, v, s32);
            s33 = TSimd.MultiplyAdd(w3, v, s33);
        }

        TSimd.StoreSums(s00, s01, s02, s03, t);
        TSimd.StoreSums(s10, s11, s12, s13, t + tStride);
        TSimd.StoreSums(s20, s21, s22, s23, t + (2 * tStride));
        TSimd.StoreSums(s30, s31, s32, s33, t + (3 * tStride));
        for (var row = 0; row < Block; row++)
        {
            AddTail<TEncoding>(a, rowBytes, x.Row(row), k, columns, t + (row * tStride), Block);
        }
    }

    // What is past the last whole vector, for each rank.
    private static void AddTail<TEncoding>(byte* a, nint rowBytes, float* x, int k, int columns, float* sums, int ranks)
        where TEncoding : struct, IDenseEncoding
    {
        for (; k < columns; k++)
        {
            for (var rank = 0; rank < ranks; rank++)
            {
                sums[rank] = MathF.FusedMultiplyAdd(TEncoding.DecodeScalar(a + (rank * rowBytes), k), x[k], sums[rank]);
            }
        }
    }
}
