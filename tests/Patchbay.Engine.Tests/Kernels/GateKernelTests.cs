using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Activations;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Tests.Kernels;

/// <summary>The operations on rows that experts, latent attention and recurrent layers add, on every SIMD width.</summary>
public sealed unsafe class GateKernelTests
{
    private const int Rows = 3;
    private const int Columns = 53;

    public static TheoryData<string> Paths => KernelTests.Paths;

    [Theory]
    [MemberData(nameof(Paths))]
    public void GateRows_MultiplyRows_ScaleColumns_EqualTheirDefinitions(string path)
    {
        Check(path, (pool, x, y) => pool.RunRows(new GateRows<Silu>(default, x, y), Rows, Columns), (x, y) => x * y / (1 + Math.Exp(-y)));
        Check(path, (pool, x, y) => pool.RunRows(new GateRows<Logistic>(default, x, y), Rows, Columns), (x, y) => x / (1 + Math.Exp(-y)));
        Check(path, (pool, x, y) => pool.RunRows(new MultiplyRows(y, x), Rows, Columns), (x, y) => x * y);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void ScaleColumns_HasOneFactorPerColumn(string path)
    {
        using var pool = new WorkerPool(2, Enum.Parse<SimdPath>(path));
        using var a = KernelTests.RandomMatrix(Rows, Columns, seed: 1, out var x);
        using var b = KernelTests.RandomMatrix(Rows, Columns, seed: 1, out var before);
        using var c = KernelTests.RandomMatrix(1, Columns, seed: 2, out var factors);
        pool.RunRows(new ScaleColumns(x, factors.Data), Rows, Columns);
        for (var i = 0; i < Rows * Columns; i++)
        {
            Assert.Equal(before.Data[i] * factors.Data[i % Columns], x.Data[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void AddGated_WeighsEachRowByItsGate(string path)
    {
        using var pool = new WorkerPool(2, Enum.Parse<SimdPath>(path));
        using var g = KernelTests.RandomMatrix(Rows, 1, seed: 1, out var gates);
        using var a = KernelTests.RandomMatrix(Rows, Columns, seed: 2, out var x);
        using var b = KernelTests.RandomMatrix(Rows, Columns, seed: 3, out var y);
        using var c = KernelTests.RandomMatrix(Rows, Columns, seed: 3, out var before);
        pool.RunRows(new AddGated(gates, x, y), Rows, Columns);
        for (var i = 0; i < Rows * Columns; i++)
        {
            Assert.Equal(before.Data[i] + (x.Data[i] / (1 + Math.Exp(-gates.Data[i / Columns]))), y.Data[i], 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void UnitLength_NormalisesEachGroup(string path)
    {
        const int Width = 21;
        using var pool = new WorkerPool(2, Enum.Parse<SimdPath>(path));
        using var a = KernelTests.RandomMatrix(Rows, 2 * Width, seed: 4, out var x);
        pool.RunRows(new UnitLength(x, Width, 0, 3), Rows, 2 * Width);
        for (var group = 0; group < 2 * Rows; group++)
        {
            var length = 0.0;
            for (var i = 0; i < Width; i++)
            {
                length += (double)x.Data[(group * Width) + i] * x.Data[(group * Width) + i];
            }

            Assert.Equal(9, length, 1e-4);
        }
    }

    [Theory]
    [InlineData(-30f)]
    [InlineData(-15.5f)]
    [InlineData(-14.5f)]
    [InlineData(0f)]
    [InlineData(19.5f)]
    [InlineData(25f)]
    public void Softplus_IsExactToFloat32(float x)
    {
        // ln(1 + e^x) = x + ln(1 + e^-x); for small arguments ln(1 + e) = 2·artanh(e / (2 + e)).
        var e = Math.Exp(-Math.Abs(x));
        var expected = Math.Max(x, 0) + (2 * Math.Atanh(e / (2 + e)));
        Assert.Equal(1, StepSizes.Softplus(x) / expected, 2e-7);
    }

    [Fact]
    public void CopyGroups_TakesOnePartOfEveryGroup()
    {
        using var pool = new WorkerPool(1);
        using var a = KernelTests.RandomMatrix(Rows, 10, seed: 5, out var source);
        using var b = KernelTests.RandomMatrix(Rows, 4, seed: 6, out var target);
        pool.RunRows(new CopyGroups(source, target, groups: 2, offset: 3), Rows, 10);
        for (var row = 0; row < Rows; row++)
        {
            var all = source.RowSpan(row).ToArray();
            Assert.Equal([.. all[3..5], .. all[8..10]], target.RowSpan(row).ToArray());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AssembleLatent_TurnsQueriesAndSharedKeysAlike(bool isInterleaved)
    {
        // Two heads of 2 own and 4 turned values, value vectors of 3.
        using var pool = new WorkerPool(1);
        using var q = KernelTests.RandomMatrix(1, 12, seed: 1, out var queries);
        using var p = KernelTests.RandomMatrix(1, 12, seed: 1, out var before);
        using var e = KernelTests.RandomMatrix(1, 10, seed: 2, out var expanded);
        using var s = KernelTests.RandomMatrix(1, 4, seed: 3, out var shared);
        using var k = KernelTests.RandomMatrix(1, 12, seed: 4, out var keys);
        using var v = KernelTests.RandomMatrix(1, 6, seed: 5, out var values);
        using var c = KernelTests.RandomMatrix(1, 2, seed: 6, out var cosines);
        using var d = KernelTests.RandomMatrix(1, 2, seed: 7, out var sines);
        pool.RunRows(new AssembleLatent(queries, expanded, shared, keys, values, cosines, sines, 2, isInterleaved), 1, 12);
        for (var head = 0; head < 2; head++)
        {
            Assert.Equal(expanded.RowSpan(0).Slice(5 * head, 2), keys.RowSpan(0).Slice(6 * head, 2));
            Assert.Equal(expanded.RowSpan(0).Slice((5 * head) + 2, 3), values.RowSpan(0).Slice(3 * head, 3));
            Assert.Equal(before.RowSpan(0).Slice(6 * head, 2), queries.RowSpan(0).Slice(6 * head, 2));
            Check(shared.RowSpan(0), keys.RowSpan(0).Slice((6 * head) + 2, 4));
            Check(before.RowSpan(0).Slice((6 * head) + 2, 4), queries.RowSpan(0).Slice((6 * head) + 2, 4));
        }

        void Check(ReadOnlySpan<float> source, ReadOnlySpan<float> turned)
        {
            for (var i = 0; i < 2; i++)
            {
                var (a, b) = isInterleaved ? (source[2 * i], source[(2 * i) + 1]) : (source[i], source[2 + i]);
                Assert.Equal((a * cosines.Data[i]) - (b * sines.Data[i]), turned[i], 1e-6f);
                Assert.Equal((b * cosines.Data[i]) + (a * sines.Data[i]), turned[2 + i], 1e-6f);
            }
        }
    }

    private static void Check(string path, Action<WorkerPool, Matrix, Matrix> run, Func<double, double, double> definition)
    {
        using var pool = new WorkerPool(2, Enum.Parse<SimdPath>(path));
        using var a = KernelTests.RandomMatrix(Rows, Columns, seed: 1, out var x);
        using var b = KernelTests.RandomMatrix(Rows, Columns, seed: 1, out var before);
        using var c = KernelTests.RandomMatrix(Rows, Columns, seed: 2, out var y);
        run(pool, x, y);
        for (var i = 0; i < Rows * Columns; i++)
        {
            Assert.Equal(definition(before.Data[i], y.Data[i]), x.Data[i], 1e-6);
        }
    }
}
