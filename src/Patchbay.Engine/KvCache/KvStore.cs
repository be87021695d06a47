using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.KvCache;

/// <summary>What one attention layer keeps per token.</summary>
/// <param name="Heads">Key/value heads.</param>
/// <param name="KeyDim">Values per key.</param>
/// <param name="ValueDim">Values per value vector.</param>
internal readonly record struct KvShape(int Heads, int KeyDim, int ValueDim)
{
    /// <summary>Bytes per token, float32.</summary>
    public long BytesPerToken => (long)Heads * (KeyDim + ValueDim) * sizeof(float);
}

/// <summary>The memory of all keys and values: for every layer, a pool of blocks. Which sequence owns a block is not known here.</summary>
internal sealed unsafe class KvStore : IDisposable
{
    private readonly NativeBuffer _buffer;
    private readonly PagedLayer[] _layers;

    /// <param name="shapes">One for each attention layer.</param>
    /// <param name="blockCount">Blocks per layer.</param>
    public KvStore(IReadOnlyList<KvShape> shapes, int blockCount)
    {
        BlockCount = blockCount;
        _buffer = new NativeBuffer(shapes.Sum(BytesPerBlock) * blockCount);
        _layers = new PagedLayer[shapes.Count];
        var data = _buffer.Data;
        for (var i = 0; i < _layers.Length; i++)
        {
            var shape = shapes[i];
            var values = data + ((long)blockCount * PagedLayer.BlockTokens * shape.Heads * shape.KeyDim * sizeof(float));
            _layers[i] = new PagedLayer((nint)data, (nint)values, shape.Heads, shape.KeyDim, shape.ValueDim);
            data += BytesPerBlock(shape) * blockCount;
        }
    }

    public int BlockCount { get; }

    /// <summary>Bytes that one block of one layer takes.</summary>
    public static long BytesPerBlock(KvShape shape) => shape.BytesPerToken * PagedLayer.BlockTokens;

    public PagedLayer Layer(int index) => _layers[index];

    /// <summary>Stores keys (rows, heads·keyDim) and values (rows, heads·valueDim) of the rows of one sequence.</summary>
    public void Write(int layer, PagedRows rows, Matrix keys, Matrix values)
    {
        var target = _layers[layer];
        for (var i = 0; i < rows.RowCount; i++)
        {
            var position = rows.Position + i;
            var block = ((int*)rows.Blocks)[position / PagedLayer.BlockTokens];
            var token = position % PagedLayer.BlockTokens;
            for (var head = 0; head < target.Heads; head++)
            {
                var key = keys.Row(rows.FirstRow + i) + (head * target.KeyDim);
                var keyBlock = target.KeyBlock(block, head) + token;
                for (var d = 0; d < target.KeyDim; d++)
                {
                    keyBlock[d * PagedLayer.BlockTokens] = key[d];
                }

                new Span<float>(values.Row(rows.FirstRow + i) + (head * target.ValueDim), target.ValueDim)
                    .CopyTo(new Span<float>(target.ValueBlock(block, head) + (token * target.ValueDim), target.ValueDim));
            }
        }
    }

    public void Dispose() => _buffer.Dispose();
}
