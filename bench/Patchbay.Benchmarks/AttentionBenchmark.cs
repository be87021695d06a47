using BenchmarkDotNet.Attributes;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.KvCache;
using Patchbay.Engine.Tensors;

namespace Patchbay.Benchmarks;

/// <summary>Paged attention of Qwen2.5-0.5B (14 query heads, 2 key/value heads of 64) on one thread: the last rows of a sequence of 1024.</summary>
[MemoryDiagnoser]
public unsafe class AttentionBenchmark
{
    private const int QueryHeads = 14;
    private const int Heads = 2;
    private const int HeadDim = 64;
    private const int Length = 1024;

    private readonly PagedRows[] _rows = new PagedRows[1];
    private WorkerPool? _pool;
    private KvStore? _store;
    private NativeBuffer? _blocks;
    private NativeBuffer? _queries;
    private NativeBuffer? _output;

    [Params(1, 256)]
    public int Rows { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        const int BlockCount = Length / PagedLayer.BlockTokens;
        _pool = new WorkerPool(1);
        _store = new KvStore([new KvShape(Heads, HeadDim, HeadDim)], BlockCount);
        _blocks = NativeBuffer.Of<int>(BlockCount);
        for (var i = 0; i < BlockCount; i++)
        {
            ((int*)_blocks.Data)[i] = i;
        }

        using var values = RandomMemory.Floats((long)Length * Heads * HeadDim);
        var filled = new Matrix(values.Floats, Length, Heads * HeadDim);
        _store.Write(_pool, 0, new PagedRows(0, Length, 0, (nint)_blocks.Data), filled, filled);
        _rows[0] = new PagedRows(0, Rows, Length - Rows, (nint)_blocks.Data);
        _queries = RandomMemory.Floats((long)Rows * QueryHeads * HeadDim);
        _output = NativeBuffer.Of<float>((long)Rows * QueryHeads * HeadDim);
    }

    [Benchmark]
    public void Attend() => AttendPaged.Run(
        _pool!,
        _rows,
        1,
        _store!.Layer(0),
        new Matrix(_queries!.Floats, Rows, QueryHeads * HeadDim),
        new Matrix(_output!.Floats, Rows, QueryHeads * HeadDim),
        new AttendPaged.Settings(0.125f));

    [GlobalCleanup]
    public void CleanUp()
    {
        _output?.Dispose();
        _queries?.Dispose();
        _blocks?.Dispose();
        _store?.Dispose();
        _pool?.Dispose();
    }
}
