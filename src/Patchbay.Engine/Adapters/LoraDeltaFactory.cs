using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>
/// Copies the tensors of a module into the layout of the kernels. Values keep the type they are stored in (half precision
/// widens exactly when it is used); float64 is rounded to float32, as PEFT does.
/// </summary>
internal static unsafe class LoraDeltaFactory
{
    public static LoraDelta Create(LoraTensors tensors)
    {
        WeightMatrix? shrink = null;
        WeightMatrix? expand = null;
        try
        {
            shrink = Copy(tensors.A, 0, (int)tensors.A.Shape[0]);
            RefuseNonFinite(shrink, tensors.A.Name);
            expand = Transpose(tensors.B);
            RefuseNonFinite(expand, tensors.B.Name);
            return new LoraDelta(shrink, expand, tensors.Scale, OutputScale(tensors, shrink, expand));
        }
        catch
        {
            shrink?.Dispose();
            expand?.Dispose();
            throw;
        }
    }

    /// <summary>The type that values are kept in.</summary>
    public static ElementType Stored(ElementType type) => type == ElementType.F64 ? ElementType.F32 : type;

    /// <summary>Some rows of a matrix.</summary>
    public static WeightMatrix Copy(TensorView source, int firstRow, int rows)
    {
        var columns = (int)source.Shape[1];
        var (type, size) = (Stored(source.Type), Stored(source.Type).Block().Bytes);
        var buffer = new NativeBuffer((long)rows * columns * size);
        CopyValues(source, (long)firstRow * columns, 1, rows * columns, buffer.Data);
        return new WeightMatrix(type, rows, columns, buffer.Data, buffer);
    }

    private static WeightMatrix Transpose(TensorView source)
    {
        var (rows, columns) = ((int)source.Shape[0], (int)source.Shape[1]);
        var (type, size) = (Stored(source.Type), Stored(source.Type).Block().Bytes);
        var buffer = new NativeBuffer((long)rows * columns * size);
        for (var column = 0; column < columns; column++)
        {
            CopyValues(source, column, columns, rows, buffer.Data + ((nint)column * rows * size));
        }

        return new WeightMatrix(type, columns, rows, buffer.Data, buffer);
    }

    /// <summary>Copies values <paramref name="first"/>, first + step, … in the type that deltas are kept in.</summary>
    public static void CopyValues(TensorView source, long first, long step, int count, byte* destination)
    {
        for (var i = 0; i < count; i++)
        {
            var index = first + (i * step);
            switch (source.Type)
            {
                case ElementType.F64:
                    ((float*)destination)[i] = (float)((double*)source.Pointer)[index];
                    break;
                case ElementType.F32:
                    ((float*)destination)[i] = ((float*)source.Pointer)[index];
                    break;
                default:
                    ((ushort*)destination)[i] = ((ushort*)source.Pointer)[index];
                    break;
            }
        }
    }

    /// <exception cref="AdapterRefusedException">A value is infinite or not a number.</exception>
    public static void RefuseNonFinite(WeightMatrix matrix, string tensor)
    {
        // Exponent bits all set: infinity or not a number.
        var (mask, halves) = matrix.Type switch
        {
            ElementType.F16 => (0x7c00u, true),
            ElementType.BF16 => (0x7f80u, true),
            _ => (0x7f800000u, false),
        };
        var count = (long)matrix.Rows * matrix.Columns;
        for (var i = 0L; i < count; i++)
        {
            var bits = halves ? ((ushort*)matrix.Data)[i] : ((uint*)matrix.Data)[i];
            if ((bits & mask) == mask)
            {
                throw new AdapterRefusedException($"{AdapterFiles.WeightsFile}: tensor {tensor}: expected finite numbers, found NaN or infinity.");
            }
        }
    }

    /// <summary>m / n with n_o = ‖(W + s·B·A)_o‖₂ over the inputs of output o (arXiv:2402.09353, eq. 5): constant at inference.</summary>
    private static NativeBuffer? OutputScale(LoraTensors tensors, WeightMatrix shrink, WeightMatrix expand)
    {
        if (tensors.Magnitude is not { } magnitude)
        {
            return null;
        }

        var weight = tensors.Module.Weight;
        var scale = NativeBuffer.Of<float>(weight.Rows);
        CopyMagnitude(magnitude, scale.Floats);
        using var a = NativeBuffer.Of<float>((long)shrink.Rows * shrink.Columns);
        using var b = NativeBuffer.Of<float>((long)expand.Rows * expand.Columns);
        using var row = NativeBuffer.Of<float>(weight.Columns);
        WeightDecoder.Decode(shrink.Type, shrink.Data, shrink.Rows * shrink.Columns, a.Floats);
        WeightDecoder.Decode(expand.Type, expand.Data, expand.Rows * expand.Columns, b.Floats);
        for (var o = 0; o < weight.Rows; o++)
        {
            WeightDecoder.DecodeRow(weight, o, row.Floats);
            var kernel = new MergedNorm(row.Floats, a.Floats, b.Floats + o, weight.Rows, shrink.Rows, weight.Columns, tensors.Scale);
            Simd.Invoke(Simd.Path, ref kernel);
            scale.Floats[o] /= kernel.Result;
        }

        return scale;
    }

    private static void CopyMagnitude(TensorView magnitude, float* destination)
    {
        if (magnitude.Type == ElementType.F64)
        {
            CopyValues(magnitude, 0, 1, (int)magnitude.Shape[0], (byte*)destination);
        }
        else
        {
            WeightDecoder.Decode(magnitude.Type, magnitude.Pointer, (int)magnitude.Shape[0], destination);
        }

        foreach (var value in new ReadOnlySpan<float>(destination, (int)magnitude.Shape[0]))
        {
            if (!float.IsFinite(value))
            {
                throw new AdapterRefusedException($"{AdapterFiles.WeightsFile}: tensor {magnitude.Name}: expected finite numbers, found NaN or infinity.");
            }
        }
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
