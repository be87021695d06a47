using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Tests.Kernels;

/// <summary>Shrink, expand and bias on every SIMD width and stored type, against the definitions.</summary>
public sealed unsafe class OutputChangesTests
{
    private const int Inputs = 203;

    private static readonly ElementType[] s_stored = [ElementType.F32, ElementType.F16, ElementType.BF16];

    public static TheoryData<string, string> PathsAndTypes
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var path in Simd.Supported)
            {
                foreach (var type in s_stored)
                {
                    data.Add(path.ToString(), type.ToString());
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(PathsAndTypes))]
    public void Shrink_EqualsTheDefinition(string path, string type)
    {
        using var pool = new WorkerPool(2, Enum.Parse<SimdPath>(path));
        var changes = new OutputChanges();
        foreach (var (rank, rows) in new[] { (1, 1), (7, 3), (16, 8), (21, 66), (6, 700) })
        {
            using var a = KernelTests.RandomWeight(Enum.Parse<ElementType>(type), rank, Inputs, seed: rank);
            using var x = KernelTests.RandomMatrix(rows, Inputs, seed: 1, out var input);
            using var t = KernelTests.RandomMatrix(rows, rank, seed: 2, out var actual);
            using var u = KernelTests.RandomMatrix(rows, rank, seed: 3, out var expected);
            changes.Shrink(a, input, actual);
            changes.Run(pool);
            MatMul.RunReference(a, input, expected);
            KernelTests.AssertClose(expected, actual, 1e-4f);
        }
    }

    [Theory]
    [MemberData(nameof(PathsAndTypes))]
    public void Term_EqualsTheDefinition_InEveryForm(string path, string type)
    {
        const int Outputs = 1127;
        using var pool = new WorkerPool(2, Enum.Parse<SimdPath>(path));
        using var d = KernelTests.RandomMatrix(1, Outputs, seed: 13, out var scale);
        using var c = KernelTests.RandomMatrix(1, Outputs, seed: 15, out var bias);
        foreach (var (rank, rows) in new[] { (5, 1), (16, 4), (3, 71) })
        {
            using var expand = KernelTests.RandomWeight(Enum.Parse<ElementType>(type), rank, Outputs, seed: 11);
            using var t = KernelTests.RandomMatrix(rows, rank, seed: 12, out var shrunk);
            using var b = KernelTests.RandomMatrix(rows, Outputs, seed: 16, out var before);
            LoraTerm[] forms =
            [
                new(shrunk, expand, 0.7f, 1),
                new(shrunk, expand, 0.7f, -1.3f) { OutputBias = bias.Data },
                new(shrunk, expand, 0.7f, 1) { OutputScale = scale.Data, OutputBias = bias.Data },
                new(shrunk, expand, 0.7f, 0.4f) { OutputScale = scale.Data, OutputBias = bias.Data, Before = before },
            ];
            foreach (var form in forms)
            {
                using var y = KernelTests.RandomMatrix(rows, Outputs, seed: 14, out var actual);
                using var z = KernelTests.RandomMatrix(rows, Outputs, seed: 14, out var expected);
                var changes = new OutputChanges();
                changes.Begin(actual, bias: null);
                changes.Add(form);
                changes.Run(pool);
                AddLoraDelta.RunReference(form, expected);
                KernelTests.AssertClose(expected, actual, 1e-4f);
            }
        }
    }

    [Theory]
    [MemberData(nameof(PathsAndTypes))]
    public void MixedRanges_AreTheSameBits_AsEachRowAlone(string path, string type)
    {
        const int Rows = 93;
        const int Outputs = 1127;
        using var one = new WorkerPool(1, Enum.Parse<SimdPath>(path));
        using var two = new WorkerPool(3, Enum.Parse<SimdPath>(path));
        using var x = KernelTests.RandomMatrix(Rows, Inputs, seed: 6, out var input);
        using var y = KernelTests.RandomMatrix(Rows, Outputs, seed: 7, out var together);
        using var z = KernelTests.RandomMatrix(Rows, Outputs, seed: 7, out var alone);
        using var c = KernelTests.RandomMatrix(1, Outputs, seed: 8, out var bias);
        var ranks = new[] { 16, 5, 8, 64 };
        var starts = new[] { 0, 1, 20, 24, Rows };
        var shrinks = ranks.Select(rank => KernelTests.RandomWeight(Enum.Parse<ElementType>(type), rank, Inputs, seed: rank)).ToArray();
        var expands = ranks.Select(rank => KernelTests.RandomWeight(Enum.Parse<ElementType>(type), rank, Outputs, seed: 1 + rank)).ToArray();
        using var arena = new Arena();
        var changes = new OutputChanges();
        for (var i = 0; i < ranks.Length; i++)
        {
            Gather(i, starts[i], starts[i + 1] - starts[i], together);
        }

        changes.Run(two);
        for (var i = 0; i < ranks.Length; i++)
        {
            for (var row = starts[i]; row < starts[i + 1]; row++)
            {
                Gather(i, row, 1, alone);
                changes.Run(one);
            }
        }

        for (var row = 0; row < Rows; row++)
        {
            Assert.True(alone.RowSpan(row).SequenceEqual(together.RowSpan(row)), $"row {row}");
        }

        foreach (var weight in shrinks.Concat(expands))
        {
            weight.Dispose();
        }

        void Gather(int adapter, int first, int count, Matrix target)
        {
            var shrunk = arena.Rent(count, ranks[adapter]);
            changes.Begin(target.Slice(first, count), bias.Data);
            changes.Shrink(shrinks[adapter], input.Slice(first, count), shrunk);
            changes.Add(new LoraTerm(shrunk, expands[adapter], 0.3f, 1));
        }
    }

    [Fact]
    public void Terms_ApplyInTheirOrder_AndTheBiasLast()
    {
        using var pool = new WorkerPool(1);
        using var expand = WeightMatrix.Allocate(1, 40);
        using var t = KernelTests.RandomMatrix(1, 1, seed: 1, out var shrunk);
        using var y = KernelTests.RandomMatrix(1, 40, seed: 2, out var output);
        using var d = KernelTests.RandomMatrix(2, 40, seed: 3, out var vectors);
        var expected = new float[40];
        for (var i = 0; i < 40; i++)
        {
            expected[i] = (output.Data[i] * vectors.Row(0)[i]) + 2 + vectors.Row(1)[i];
            ((float*)expand.Data)[i] = 1;
        }

        *shrunk.Data = 2;
        var changes = new OutputChanges();
        changes.Begin(output, vectors.Row(1));
        changes.Add(new LoraTerm(shrunk, expand, 0, 1) { OutputScale = vectors.Row(0) });
        changes.Add(new LoraTerm(shrunk, expand, 1, 1));
        changes.Run(pool);
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal(expected[i], output.Data[i], 1e-6f);
        }
    }

    [Fact]
    public void AdapterInABlockEncoding_IsRefused()
    {
        using var pool = new WorkerPool(1);
        using var a = KernelTests.RandomWeight(ElementType.Q8_0, 4, 32, seed: 1);
        using var x = KernelTests.RandomMatrix(1, 32, seed: 2, out var input);
        using var t = KernelTests.RandomMatrix(1, 4, seed: 3, out var shrunk);
        var changes = new OutputChanges();
        changes.Shrink(a, input, shrunk);
        Assert.Throws<NotSupportedException>(() => changes.Run(pool));
    }
}
