using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.KvCache;

/// <summary>What one attention layer keeps per token.</summary>
/// <param name="Heads">Key/value heads.</param>
/// <param name="KeyDim">Values per key.</param>
/// <param name="ValueDim">Values per value vector.</param>
internal readonly record struct KvShape(int Heads, int KeyDim, int ValueDim);

/// <summary>The memory of all keys and values: for every layer, a pool of blocks. Which sequence owns a block is not known here.</summary>
internal sealed class KvStore : IDisposable
{
    private readonly NativeBuffer _buffer;
    private readonly PagedLayer[] _layers;

    /// <param name="shapes">One for each attention layer.</param>
    /// <param name="blockCount">Blocks per layer.</param>
    /// <param name="format">How values are kept.</param>
    public unsafe KvStore(IReadOnlyList<KvShape> shapes, int blockCount, KvFormat format = KvFormat.F32)
    {
        BlockCount = blockCount;
        _buffer = new NativeBuffer(shapes.Sum(shape => BytesPerBlock(shape, format)) * blockCount);
        _layers = new PagedLayer[shapes.Count];
        var data = _buffer.Data;
        for (var i = 0; i < _layers.Length; i++)
        {
            var shape = shapes[i];
            var values = data + ((long)blockCount * shape.Heads * PagedLayer.HeadBytes(format, shape.KeyDim));
            _layers[i] = new PagedLayer((nint)data, (nint)values, shape.Heads, shape.KeyDim, shape.ValueDim, format);
            data += BytesPerBlock(shape, format) * blockCount;
        }
    }

    public int BlockCount { get; }

    /// <summary>Bytes that one block of one layer takes.</summary>
    public static long BytesPerBlock(KvShape shape, KvFormat format) =>
        shape.Heads * ((long)PagedLayer.HeadBytes(format, shape.KeyDim) + PagedLayer.HeadBytes(format, shape.ValueDim));

    public PagedLayer Layer(int index) => _layers[index];

    /// <summary>Stores keys (rows, heads·keyDim) and values (rows, heads·valueDim) of the rows of one sequence.</summary>
    public void Write(WorkerPool pool, int layer, PagedRows rows, Matrix keys, Matrix values) =>
        pool.RunRows(new StoreKeyValues(_layers[layer], rows, keys, values), rows.RowCount, keys.Columns + values.Columns);

    public void Dispose() => _buffer.Dispose();
}
