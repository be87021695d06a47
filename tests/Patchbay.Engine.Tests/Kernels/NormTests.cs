using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Tests.Kernels;

/// <summary>Norms on every SIMD width against their definitions: one weight for all heads, and one for each.</summary>
public sealed unsafe class NormTests
{
    private const int Rows = 5;
    private const int Heads = 3;
    private const int Width = 37;
    private const int Columns = Heads * Width;
    private const float Epsilon = 1e-5f;

    public static TheoryData<string> Paths => KernelTests.Paths;

    [Theory]
    [MemberData(nameof(Paths))]
    public void RootMeanSquare_EqualsTheDefinition(string path)
    {
        using var pool = new WorkerPool(2, Enum.Parse<SimdPath>(path));
        using var x = KernelTests.RandomMatrix(Rows, Columns, seed: 15, out var xs);
        using var w = KernelTests.RandomMatrix(1, Columns, seed: 16, out var weight);
        using var y = KernelTests.RandomMatrix(Rows, Columns, seed: 17, out var ys);
        foreach (var weightCount in new[] { Width, Columns })
        {
            pool.RunRows(new RootMeanSquare(xs, ys, weight.Data, weightCount, Width, Epsilon), Rows, Columns);
            Check(xs, ys, weightCount, (offset, input, output) =>
                RootMeanSquare.ApplyReference(input, weight.RowSpan(0).Slice(offset, Width), Epsilon, output));
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void LayerNormalise_EqualsTheDefinition(string path)
    {
        using var pool = new WorkerPool(2, Enum.Parse<SimdPath>(path));
        using var x = KernelTests.RandomMatrix(Rows, Columns, seed: 18, out var xs);
        using var w = KernelTests.RandomMatrix(1, Columns, seed: 19, out var weight);
        using var b = KernelTests.RandomMatrix(1, Columns, seed: 20, out var bias);
        using var y = KernelTests.RandomMatrix(Rows, Columns, seed: 21, out var ys);
        foreach (var weightCount in new[] { Width, Columns })
        {
            pool.RunRows(new LayerNormalise(xs, ys, weight.Data, bias.Data, weightCount, Width, Epsilon), Rows, Columns);
            Check(xs, ys, weightCount, (offset, input, output) => LayerNormalise.ApplyReference(
                input, weight.RowSpan(0).Slice(offset, Width), bias.RowSpan(0).Slice(offset, Width), Epsilon, output));

            pool.RunRows(new LayerNormalise(xs, ys, weight.Data, null, weightCount, Width, Epsilon), Rows, Columns);
            Check(xs, ys, weightCount, (offset, input, output) =>
                LayerNormalise.ApplyReference(input, weight.RowSpan(0).Slice(offset, Width), [], Epsilon, output));
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void LayerNormalise_KeepsWhatALargeMeanLeaves(string path)
    {
        using var pool = new WorkerPool(1, Enum.Parse<SimdPath>(path));
        using var x = KernelTests.RandomMatrix(1, Width, seed: 22, out var xs);
        using var w = KernelTests.RandomMatrix(1, Width, seed: 23, out var weight);
        foreach (ref var value in xs.RowSpan(0))
        {
            value = MathF.Round(value * 100) + 100_000;
        }

        var expected = new float[Width];
        LayerNormalise.ApplyReference(xs.RowSpan(0), weight.RowSpan(0), [], Epsilon, expected);
        pool.RunRows(new LayerNormalise(xs, xs, weight.Data, null, Width, Width, Epsilon), 1, Width);
        for (var i = 0; i < Width; i++)
        {
            Assert.Equal(expected[i], xs.Data[i], 1e-3f);
        }
    }

    private delegate void Definition(int weightOffset, ReadOnlySpan<float> input, Span<float> output);

    private static void Check(Matrix xs, Matrix ys, int weightCount, Definition definition)
    {
        var expected = new float[Width];
        for (var row = 0; row < Rows; row++)
        {
            for (var start = 0; start < Columns; start += Width)
            {
                definition(start % weightCount, xs.RowSpan(row).Slice(start, Width), expected);
                for (var i = 0; i < Width; i++)
                {
                    Assert.Equal(expected[i], ys.Row(row)[start + i], 1e-5f);
                }
            }
        }
    }
}
