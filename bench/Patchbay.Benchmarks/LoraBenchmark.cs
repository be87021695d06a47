using BenchmarkDotNet.Attributes;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Benchmarks;

/// <summary>
/// One adapter (BF16, rank 16) of the gate projection of Qwen2.5-0.5B (896 inputs, 4864 outputs) on one thread: 1 row is a decode step, 256
/// what a product of a prefill has in the second-level cache. The expand changes one tile of 64 outputs, which a product would just have written. 14 and 1
/// thousand multiply-adds a row.
/// </summary>
[MemoryDiagnoser]
public unsafe class LoraBenchmark
{
    private const int Inputs = 896;
    private const int Outputs = 4864;
    private const int Rank = 16;
    private const int TileColumns = 64;

    private WorkerPool? _pool;
    private NativeBuffer? _a;
    private NativeBuffer? _b;
    private NativeBuffer? _input;
    private NativeBuffer? _shrunk;
    private NativeBuffer? _output;

    [Params(1, 8, 256)]
    public int Rows { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _pool = new WorkerPool(1);
        _a = RandomMemory.BFloat16((long)Rank * Inputs);
        _b = RandomMemory.BFloat16((long)Rank * Outputs);
        _input = RandomMemory.Floats((long)Rows * Inputs);
        _shrunk = RandomMemory.Floats((long)Rows * Rank);
        _output = RandomMemory.Floats((long)Rows * Outputs);
    }

    /// <summary>t = x·Aᵀ.</summary>
    [Benchmark]
    public void Shrink()
    {
        var job = new ShrinkJob(
            new WeightMatrix(ElementType.BF16, Rank, Inputs, _a!.Data), new Matrix(_input!.Floats, Rows, Inputs), new Matrix(_shrunk!.Floats, Rows, Rank));
        _pool!.Run(ref job, 1);
    }

    /// <summary>y += t·B, 64 columns.</summary>
    [Benchmark]
    public void Expand()
    {
        var expand = new WeightMatrix(ElementType.BF16, Rank, Outputs, _b!.Data);
        var job = new ExpandJob(new LoraTerm(new Matrix(_shrunk!.Floats, Rows, Rank), expand, 1e-6f, 1), new Matrix(_output!.Floats, Rows, Outputs));
        _pool!.Run(ref job, 1);
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _output?.Dispose();
        _shrunk?.Dispose();
        _input?.Dispose();
        _b?.Dispose();
        _a?.Dispose();
        _pool?.Dispose();
    }

    private readonly struct ShrinkJob(WeightMatrix a, Matrix x, Matrix t) : IParallelJob
    {
        public void Execute<TSimd, TVector>(int task, byte* scratch)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged => ShrinkLora.Multiply<TSimd, TVector>(a, 0, Rank, x, t);
    }

    private readonly struct ExpandJob(LoraTerm term, Matrix y) : IParallelJob
    {
        private readonly LoraTerm _term = term;

        public void Execute<TSimd, TVector>(int task, byte* scratch)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged =>
            AddLoraDelta.Run<TSimd, TVector>(_term, y, new LoraTile(0, y.Rows, task * TileColumns, (task + 1) * TileColumns));
    }
}
