using BenchmarkDotNet.Attributes;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Packed;
using Patchbay.Engine.Tensors;

namespace Patchbay.Benchmarks;

/// <summary>
/// y = x·Wᵀ for the gate projection of Qwen2.5-0.5B (4864 outputs, 896 inputs) on one thread: 1 row is a decode step, 8 a batch of
/// them, 512 a prefill. A weight of Q8 takes 8.5 bits, of Q4 4.5.
/// </summary>
[MemoryDiagnoser]
public unsafe class MatMulBenchmark
{
    private const int Outputs = 4864;
    private const int Inputs = 896;

    private WorkerPool? _pool;
    private NativeBuffer? _memory;
    private NativeBuffer? _input;
    private NativeBuffer? _output;
    private WeightMatrix? _weight;

    [Params("BF16", "F32", "Q8", "Q4")]
    public string Encoding { get; set; } = "";

    [Params(1, 8, 512)]
    public int Rows { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _pool = new WorkerPool(1);
        var isFloat = Encoding == "F32";
        _memory = isFloat ? RandomMemory.Floats((long)Outputs * Inputs) : RandomMemory.BFloat16((long)Outputs * Inputs);
        _input = RandomMemory.Floats((long)Rows * Inputs);
        _output = NativeBuffer.Of<float>((long)Rows * Outputs);
        _weight = new WeightMatrix(isFloat ? ElementType.F32 : ElementType.BF16, Outputs, Inputs, _memory.Data);
        _weight.Packed = Encoding switch
        {
            "Q8" => WeightPacker.Pack(_weight, PackedEncoding.Q8),
            "Q4" => WeightPacker.Pack(_weight, PackedEncoding.Q4),
            _ => null,
        };
    }

    [Benchmark]
    public void Multiply() =>
        MatMul.Run(_pool!, _weight!, new Matrix(_input!.Floats, Rows, Inputs), new Matrix(_output!.Floats, Rows, Outputs));

    [GlobalCleanup]
    public void CleanUp()
    {
        _weight?.Packed?.Dispose();
        _output?.Dispose();
        _input?.Dispose();
        _memory?.Dispose();
        _pool?.Dispose();
    }
}
