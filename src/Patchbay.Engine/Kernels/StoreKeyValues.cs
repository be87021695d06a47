using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// Stores keys (rows, heads·keyDim) and values (rows, heads·valueDim) of the rows of one sequence in their blocks, rounded to the
/// layer's format: each vector by itself, so what is stored does not depend on the batch.
/// </summary>
internal readonly unsafe struct StoreKeyValues(PagedLayer layer, PagedRows rows, Matrix keys, Matrix values) : IRowKernel
{
    private readonly PagedLayer _layer = layer;
    private readonly PagedRows _rows = rows;
    private readonly Matrix _keys = keys;
    private readonly Matrix _values = values;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var (block, token) = _rows.Locate(_rows.Position + row);
        for (var head = 0; head < _layer.Heads; head++)
        {
            var key = _keys.Row(_rows.FirstRow + row) + (head * _layer.KeyDim);
            Store(key, _layer.KeyBlock(block, head), token, PagedLayer.BlockTokens, _layer.KeyDim, token);
            var value = _values.Row(_rows.FirstRow + row) + (head * _layer.ValueDim);
            Store(value, _layer.ValueBlock(block, head), token * _layer.ValueDim, 1, _layer.ValueDim, token);
        }
    }

    /// <summary>bfloat16 of a value: the nearest, of two the even one; what is not a number stays none.</summary>
    public static ushort ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)0x7fc0 : (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    // The places of a vector in a block are first, first + step, …
    private void Store(float* vector, byte* block, int first, int step, int dim, int token)
    {
        switch (_layer.Format)
        {
            case KvFormat.F32:
                for (var d = 0; d < dim; d++)
                {
                    ((float*)block)[first + (d * step)] = vector[d];
                }

                break;
            case KvFormat.BF16:
                for (var d = 0; d < dim; d++)
                {
                    ((ushort*)block)[first + (d * step)] = ToBFloat16(vector[d]);
                }

                break;
            default:
                StoreScaled(vector, block, first, step, dim, token);
                break;
        }
    }

    private static void StoreScaled(float* vector, byte* block, int first, int step, int dim, int token)
    {
        var largest = 0f;
        for (var d = 0; d < dim; d++)
        {
            largest = MathF.Max(largest, MathF.Abs(vector[d]));
        }

        // What is not a number makes the scale none, and so every score that reads it.
        var factor = largest > 0 ? 127 / largest : 0;
        PagedLayer.Scales(block, dim)[token] = largest / 127;
        for (var d = 0; d < dim; d++)
        {
            ((sbyte*)block)[first + (d * step)] = (sbyte)MathF.Round(Math.Clamp(vector[d] * factor, -127, 127));
        }
    }
}
