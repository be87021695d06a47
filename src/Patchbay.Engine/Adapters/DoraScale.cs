using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>
/// The row scale of DoRA (arXiv:2402.09353, eq. 5): m / n with n_o = ‖(W + s·B·A)_o‖₂ for each output o. Constant at inference, so
/// it is computed once.
/// </summary>
internal static unsafe class DoraScale
{
    /// <summary>The norm is taken over the inputs of an output.</summary>
    public static NativeBuffer OfLinear(TensorView magnitude, WeightMatrix weight, WeightMatrix shrink, WeightMatrix expand, float scale)
    {
        using var a = Decoded(shrink);
        using var b = Decoded(expand);
        using var row = NativeBuffer.Of<float>(weight.Columns);
        var factors = LoraDeltaFactory.Vector(magnitude, 1, 0);
        for (var o = 0; o < weight.Rows; o++)
        {
            WeightDecoder.DecodeRow(weight, o, row.Floats);
            var kernel = new MergedNorm(row.Floats, a.Floats, b.Floats + o, weight.Rows, shrink.Rows, weight.Columns, scale);
            Simd.Invoke(Simd.Path, ref kernel);
            factors.Floats[o] /= kernel.Result;
        }

        return factors;
    }

    /// <summary>The norm is taken over the whole table for a column; <paramref name="shrink"/> is Aᵀ (count, r).</summary>
    public static NativeBuffer OfEmbedding(TensorView magnitude, WeightMatrix weight, WeightMatrix shrink, WeightMatrix expand, float scale)
    {
        using var b = Decoded(expand);
        using var row = NativeBuffer.Of<float>(weight.Columns);
        using var factor = NativeBuffer.Of<float>(shrink.Columns);
        var squares = new double[weight.Columns];
        for (var i = 0; i < weight.Rows; i++)
        {
            WeightDecoder.DecodeRow(weight, i, row.Floats);
            WeightDecoder.DecodeRow(shrink, i, factor.Floats);
            for (var o = 0; o < weight.Columns; o++)
            {
                var sum = 0.0;
                for (var r = 0; r < expand.Rows; r++)
                {
                    sum += (double)factor.Floats[r] * b.Floats[((nint)r * expand.Columns) + o];
                }

                var value = row.Floats[o] + (scale * sum);
                squares[o] += value * value;
            }
        }

        var factors = LoraDeltaFactory.Vector(magnitude, 1, 0);
        for (var o = 0; o < weight.Columns; o++)
        {
            factors.Floats[o] = (float)(factors.Floats[o] / Math.Sqrt(squares[o]));
        }

        return factors;
    }

    private static NativeBuffer Decoded(WeightMatrix matrix)
    {
        var values = NativeBuffer.Of<float>((long)matrix.Rows * matrix.Columns);
        WeightDecoder.Decode(matrix.Type, matrix.Data, matrix.Rows * matrix.Columns, values.Floats);
        return values;
    }

    /// <summary>‖w + s·Σᵣ bᵣ·Aᵣ‖₂ for one output; the row w is changed.</summary>
    private struct MergedNorm(float* row, float* a, float* b, int bStride, int rank, int columns, float scale) : ISimdKernel
    {
        public float Result { get; private set; }

        public void Invoke<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            for (var r = 0; r < rank; r++)
            {
                var factor = scale * b[(nint)r * bStride];
                var source = a + ((nint)r * columns);
                var k = 0;
                for (; k <= columns - TSimd.Count; k += TSimd.Count)
                {
                    TSimd.Store(TSimd.MultiplyAdd(TSimd.Load(source + k), TSimd.Create(factor), TSimd.Load(row + k)), row + k);
                }

                for (; k < columns; k++)
                {
                    row[k] = MathF.FusedMultiplyAdd(source[k], factor, row[k]);
                }
            }

            Result = MathF.Sqrt(DenseTile.Dot<TSimd, TVector>(row, row, columns));
        }
    }
}
