using BenchmarkDotNet.Attributes;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Benchmarks;

/// <summary>RMSNorm of hidden states of 896 values on one thread.</summary>
[MemoryDiagnoser]
public unsafe class RmsNormBenchmark
{
    private const int Hidden = 896;

    private WorkerPool? _pool;
    private NativeBuffer? _input;
    private NativeBuffer? _output;
    private NativeBuffer? _weight;

    [Params(1, 512)]
    public int Rows { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _pool = new WorkerPool(1);
        _input = RandomMemory.Floats((long)Rows * Hidden);
        _output = NativeBuffer.Of<float>((long)Rows * Hidden);
        _weight = RandomMemory.Floats(Hidden);
    }

    [Benchmark]
    public void Normalise() => _pool!.RunRows(
        new RootMeanSquare(new Matrix(_input!.Floats, Rows, Hidden), new Matrix(_output!.Floats, Rows, Hidden), _weight!.Floats, Hidden, Hidden, 1e-6f),
        Rows,
        Hidden);

    [GlobalCleanup]
    public void CleanUp()
    {
        _weight?.Dispose();
        _output?.Dispose();
        _input?.Dispose();
        _pool?.Dispose();
    }
}
