using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Tests.Kernels;

/// <summary>The small operations on rows, on every SIMD width, against what they say they do.</summary>
public sealed unsafe class RowKernelTests
{
    private const int Rows = 3;
    private const int Columns = 53;

    public static TheoryData<string> Paths => KernelTests.Paths;

    [Theory]
    [MemberData(nameof(Paths))]
    public void Clamp_SoftCap_ScaleRows_EqualTheirDefinitions(string path)
    {
        Check(path, (pool, x) => pool.RunRows(new Clamp(x, 0.4f), Rows, Columns), x => Math.Clamp(x, -0.4f, 0.4f), 0);
        Check(path, (pool, x) => pool.RunRows(new SoftCap(x, 0.4f), Rows, Columns), x => 0.4 * Math.Tanh(x / 0.4f), 1e-6);
        Check(path, (pool, x) => pool.RunRows(new ScaleRows(x, 3.5f), Rows, Columns), x => 3.5f * x, 0);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void RotateNeighbours_TurnsPairsAndLeavesTheRest(string path)
    {
        const int HeadDim = 8;
        using var pool = new WorkerPool(2, Enum.Parse<SimdPath>(path));
        using var h = KernelTests.RandomMatrix(Rows, 2 * HeadDim, seed: 3, out var heads);
        using var o = KernelTests.RandomMatrix(Rows, 2 * HeadDim, seed: 3, out var original);
        using var c = KernelTests.RandomMatrix(Rows, 3, seed: 4, out var cosines);
        using var s = KernelTests.RandomMatrix(Rows, 3, seed: 5, out var sines);
        pool.RunRows(new RotateNeighbours(heads, cosines, sines, HeadDim), Rows, 2 * HeadDim);
        for (var row = 0; row < Rows; row++)
        {
            for (var i = 0; i < 2 * HeadDim; i += 2)
            {
                var pair = i % HeadDim / 2;
                var (a, b) = (original.Row(row)[i], original.Row(row)[i + 1]);
                var (cosine, sine) = pair < 3 ? (cosines.Row(row)[pair], sines.Row(row)[pair]) : (1, 0);
                Assert.Equal((a * cosine) - (b * sine), heads.Row(row)[i], 1e-6f);
                Assert.Equal((b * cosine) + (a * sine), heads.Row(row)[i + 1], 1e-6f);
            }
        }
    }

    [Fact]
    public void SplitGroups_PutsEveryValueInItsPlace()
    {
        // Two groups of three query values, one key and one value.
        using var pool = new WorkerPool(1);
        using var f = KernelTests.RandomMatrix(Rows, 10, seed: 6, out var fused);
        using var q = KernelTests.RandomMatrix(Rows, 6, seed: 7, out var queries);
        using var k = KernelTests.RandomMatrix(Rows, 2, seed: 8, out var keys);
        using var v = KernelTests.RandomMatrix(Rows, 2, seed: 9, out var values);
        pool.RunRows(new SplitGroups(fused, queries, keys, values, groups: 2), Rows, 10);
        for (var row = 0; row < Rows; row++)
        {
            var all = fused.RowSpan(row).ToArray();
            Assert.Equal([.. all[..3], .. all[5..8]], queries.RowSpan(row).ToArray());
            Assert.Equal([all[3], all[8]], keys.RowSpan(row).ToArray());
            Assert.Equal([all[4], all[9]], values.RowSpan(row).ToArray());
        }
    }

    private static void Check(string path, Action<WorkerPool, Matrix> run, Func<float, double> definition, double tolerance)
    {
        using var pool = new WorkerPool(2, Enum.Parse<SimdPath>(path));
        using var x = KernelTests.RandomMatrix(Rows, Columns, seed: 1, out var actual);
        using var z = KernelTests.RandomMatrix(Rows, Columns, seed: 1, out var input);
        run(pool, actual);
        for (var row = 0; row < Rows; row++)
        {
            for (var i = 0; i < Columns; i++)
            {
                Assert.Equal(definition(input.Row(row)[i]), actual.Row(row)[i], tolerance);
            }
        }
    }
}
