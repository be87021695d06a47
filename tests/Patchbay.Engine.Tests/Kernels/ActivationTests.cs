using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Activations;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Tests.Kernels;

/// <summary>Every activation on every SIMD width, plain and gated, against its definition.</summary>
public sealed unsafe class ActivationTests
{
    private const int Rows = 3;
    private const int Columns = 523;

    public static TheoryData<string> Paths => KernelTests.Paths;

    [Theory]
    [MemberData(nameof(Paths))]
    public void Silu_EqualsTheDefinition(string path) => Check(path, new Silu());

    [Theory]
    [MemberData(nameof(Paths))]
    public void Gelu_EqualsTheDefinition(string path) => Check(path, new Gelu());

    [Theory]
    [MemberData(nameof(Paths))]
    public void GeluTanh_EqualsTheDefinition(string path) => Check(path, new GeluTanh());

    [Theory]
    [MemberData(nameof(Paths))]
    public void Relu_EqualsTheDefinition(string path) => Check(path, new Relu());

    [Theory]
    [MemberData(nameof(Paths))]
    public void SquaredRelu_EqualsTheDefinition(string path) => Check(path, new SquaredRelu());

    [Theory]
    [MemberData(nameof(Paths))]
    public void Xielu_EqualsTheDefinition(string path) => Check(path, new Xielu(0.8f, 1.3f, 0.5f, -1e-6f));

    private static void Check<TActivation>(string path, TActivation activation)
        where TActivation : struct, IActivation
    {
        using var pool = new WorkerPool(2, Enum.Parse<SimdPath>(path));
        using var x = KernelTests.RandomMatrix(Rows, Columns, seed: 1, out var plain);
        using var g = KernelTests.RandomMatrix(Rows, Columns, seed: 1, out var gate);
        using var u = KernelTests.RandomMatrix(Rows, Columns, seed: 2, out var up);
        var input = new float[Rows, Columns];
        for (var row = 0; row < Rows; row++)
        {
            for (var i = 0; i < Columns; i++)
            {
                // From far below 0 to far above it, and 0 itself.
                input[row, i] = i == 0 ? 0 : plain.Row(row)[i] * MathF.Pow(10, (i % 5) - 2);
                plain.Row(row)[i] = input[row, i];
                gate.Row(row)[i] = input[row, i];
            }
        }

        pool.RunRows(new Activate<TActivation>(activation, plain), Rows, Columns);
        pool.RunRows(new ActivateGated<TActivation>(activation, gate, up), Rows, Columns);
        for (var row = 0; row < Rows; row++)
        {
            for (var i = 0; i < Columns; i++)
            {
                var expected = activation.ApplyReference(input[row, i]);
                var tolerance = 1e-6 * Math.Max(1, Math.Abs(expected));
                Assert.Equal(expected, plain.Row(row)[i], tolerance * 2);
                Assert.Equal(expected * up.Row(row)[i], gate.Row(row)[i], tolerance * 2);
            }
        }
    }
}
