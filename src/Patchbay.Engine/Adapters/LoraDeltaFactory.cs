using System.Numerics;
using System.Runtime.Intrinsics;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>
/// Copies the tensors of a module into the layout of the kernels. Values keep the type they are stored in (half precision
/// widens exactly when it is used); float64 is rounded to float32, as PEFT does.
/// </summary>
internal static unsafe class LoraDeltaFactory
{
    /// <param name="tensors">The tensors of the module.</param>
    /// <param name="weight">The weight that the change is added to.</param>
    public static LoraDelta Create(LoraTensors tensors, WeightMatrix weight)
    {
        WeightMatrix? shrink = null;
        WeightMatrix? expand = null;
        NativeBuffer? outputScale = null;
        try
        {
            var isEmbedding = tensors.Module.Kind == ModuleKind.Embedding;
            shrink = isEmbedding ? Transpose(tensors.A) : tensors.Diagonal is { } diagonal ? Scaled(tensors.A, diagonal) : Filled(tensors.A, tensors.BlocksInA);
            RefuseNonFinite(shrink, tensors.A.Name);
            expand = tensors.BlocksInB > 1 ? FilledTransposed(tensors.B, tensors.BlocksInB) : Transpose(tensors.B);
            RefuseNonFinite(expand, tensors.B.Name);
            outputScale = tensors.Magnitude is not { } magnitude ? null
                : isEmbedding ? DoraScale.OfEmbedding(magnitude, weight, shrink, expand, tensors.Scale)
                : DoraScale.OfLinear(magnitude, weight, shrink, expand, tensors.Scale);
            return new LoraDelta(shrink, expand, tensors.Scale, outputScale, tensors.Bias is { } bias ? Vector(bias, tensors.Scale, 0) : null);
        }
        catch
        {
            shrink?.Dispose();
            expand?.Dispose();
            outputScale?.Dispose();
            throw;
        }
    }

    /// <summary>What takes the place of a module's weight; null if it has the base model's own values.</summary>
    public static WeightMatrix? Replacement(AdaptableModule module, TensorView stored)
    {
        if (module.Kind == ModuleKind.Norm)
        {
            var values = Vector(stored, 1, module.WeightOffset);
            return new WeightMatrix(ElementType.F32, 1, module.Weight.Columns, values.Data, values);
        }

        var matrix = module.IsTransposed ? Transpose(stored) : Copy(stored, 0, (int)stored.Shape[0]);
        try
        {
            RefuseNonFinite(matrix, stored.Name);
            if (!TiedTensors.AreEqual(matrix, module.Weight))
            {
                return matrix;
            }
        }
        catch
        {
            matrix.Dispose();
            throw;
        }

        // PEFT stores whole embeddings beside a small change of them.
        matrix.Dispose();
        return null;
    }

    /// <summary>A vector as float32: factor · value + offset.</summary>
    public static NativeBuffer Vector(TensorView source, float factor, float offset)
    {
        var count = (int)source.Count;
        var vector = NativeBuffer.Of<float>(count);
        try
        {
            Decode(source, vector.Floats);
            foreach (ref var value in vector.AsSpan<float>())
            {
                value = float.IsFinite(value) ? (value * factor) + offset : throw NotFinite(source.Name);
            }

            return vector;
        }
        catch
        {
            vector.Dispose();
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
        if (type == source.Type)
        {
            Buffer.MemoryCopy(source.Pointer + ((long)firstRow * columns * size), buffer.Data, buffer.Length, buffer.Length);
        }
        else
        {
            for (var row = 0; row < rows; row++)
            {
                CopyValues(source, ((long)firstRow + row) * columns, 1, columns, buffer.Data + ((nint)row * columns * size));
            }
        }

        return new WeightMatrix(type, rows, columns, buffer.Data, buffer);
    }

    /// <summary>A matrix with rows and columns exchanged.</summary>
    public static WeightMatrix Transpose(TensorView source)
    {
        var (rows, columns) = ((int)source.Shape[0], (int)source.Shape[1]);
        var (type, size) = (Stored(source.Type), Stored(source.Type).Block().Bytes);
        var buffer = new NativeBuffer((long)rows * columns * size);
        if (source.Type == ElementType.F64)
        {
            for (var column = 0; column < columns; column++)
            {
                CopyValues(source, column, columns, rows, buffer.Data + ((nint)column * rows * size));
            }
        }
        else if (size == sizeof(float))
        {
            TransposeTiles((uint*)source.Pointer, (uint*)buffer.Data, rows, columns);
        }
        else
        {
            TransposeTiles((ushort*)source.Pointer, (ushort*)buffer.Data, rows, columns);
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
        var count = (long)matrix.Rows * matrix.Columns;
        var hasNonFinite = matrix.Type switch
        {
            ElementType.F16 => HasAllBits<ushort>((ushort*)matrix.Data, count, 0x7c00),
            ElementType.BF16 => HasAllBits<ushort>((ushort*)matrix.Data, count, 0x7f80),
            _ => HasAllBits<uint>((uint*)matrix.Data, count, 0x7f800000),
        };
        if (hasNonFinite)
        {
            throw NotFinite(tensor);
        }
    }

    // Whether any value has all bits of the mask.
    private static bool HasAllBits<T>(T* values, long count, T mask)
        where T : unmanaged, IBinaryInteger<T>
    {
        var wide = Vector256.Create(mask);
        var found = Vector256<T>.Zero;
        var i = 0L;
        for (; i <= count - Vector256<T>.Count; i += Vector256<T>.Count)
        {
            found |= Vector256.Equals(Vector256.Load(values + i) & wide, wide);
        }

        for (; i < count; i++)
        {
            if ((values[i] & mask) == mask)
            {
                return true;
            }
        }

        return found != Vector256<T>.Zero;
    }

    // Tiles whose rows and columns both stay in the first cache, so that no line is fetched once for each of its values.
    private static void TransposeTiles<T>(T* source, T* destination, int rows, int columns)
        where T : unmanaged
    {
        const int Side = 32;
        for (var top = 0; top < rows; top += Side)
        {
            var bottom = Math.Min(top + Side, rows);
            for (var left = 0; left < columns; left += Side)
            {
                var right = Math.Min(left + Side, columns);
                for (var column = left; column < right; column++)
                {
                    var line = destination + ((nint)column * rows);
                    for (var row = top; row < bottom; row++)
                    {
                        line[row] = source[((nint)row * columns) + column];
                    }
                }
            }
        }
    }

    private static WeightMatrix Filled(TensorView stored, int blocks)
    {
        if (blocks == 1)
        {
            return Copy(stored, 0, (int)stored.Shape[0]);
        }

        var (owner, view) = BlockDiagonal.Fill(stored, blocks);
        return new WeightMatrix(view.Type, (int)view.Shape[0], (int)view.Shape[1], owner.Data, owner);
    }

    private static WeightMatrix FilledTransposed(TensorView stored, int blocks)
    {
        var (owner, view) = BlockDiagonal.Fill(stored, blocks);
        using (owner)
        {
            return Transpose(view);
        }
    }

    // KaSA: row i of A times diagonal i.
    private static WeightMatrix Scaled(TensorView stored, TensorView diagonal)
    {
        using var factors = Vector(diagonal, 1, 0);
        var matrix = WeightMatrix.Allocate((int)stored.Shape[0], (int)stored.Shape[1]);
        Decode(stored, (float*)matrix.Data);
        for (var row = 0; row < matrix.Rows; row++)
        {
            foreach (ref var value in new Span<float>(matrix.Row(row), matrix.Columns))
            {
                value *= factors.Floats[row];
            }
        }

        return matrix;
    }

    private static void Decode(TensorView source, float* destination)
    {
        if (source.Type == ElementType.F64)
        {
            CopyValues(source, 0, 1, (int)source.Count, (byte*)destination);
        }
        else
        {
            WeightDecoder.Decode(source.Type, source.Pointer, (int)source.Count, destination);
        }
    }

    private static AdapterRefusedException NotFinite(string tensor) =>
        new($"{AdapterFiles.WeightsFile}: tensor {tensor}: expected finite numbers, found NaN or infinity.");
}
