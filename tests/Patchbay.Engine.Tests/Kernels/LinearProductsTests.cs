using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Packed;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Tests.Kernels;

/// <summary>Products that share an input, with biases and low-rank changes, give the bits of each step by itself.</summary>
public sealed unsafe class LinearProductsTests
{
    private const int Inputs = 192;
    private const int Rank = 5;

    private static readonly int[] s_outputs = [200, 72, 16];

    public static TheoryData<string, string, int, int> Cases
    {
        get
        {
            var data = new TheoryData<string, string, int, int>();
            foreach (var path in Simd.Supported)
            {
                foreach (var packed in new[] { "", nameof(PackedEncoding.Q8), nameof(PackedEncoding.Q4) })
                {
                    foreach (var (rows, workers) in new[] { (1, 1), (5, 2), (16, 2), (131, 3) })
                    {
                        data.Add(path.ToString(), packed, rows, workers);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Together_GiveTheBitsOfOneByOne(string path, string packed, int rows, int workers)
    {
        using var pool = new WorkerPool(workers, Enum.Parse<SimdPath>(path));
        using var xs = KernelTests.RandomMatrix(rows, Inputs, seed: 1, out var x);
        var layers = s_outputs.Select(outputs => new Layer(outputs, rows, packed)).ToList();
        var products = new LinearProducts();
        foreach (var layer in layers)
        {
            products.Add(layer.Weight, x, layer.Together);
            layer.Gather(products.Changes, x, layer.Together);
        }

        products.Run(pool);
        foreach (var layer in layers)
        {
            MatMul.Run(pool, layer.Weight, x, layer.OneByOne);
            var changes = new OutputChanges();
            layer.Gather(changes, x, layer.OneByOne);
            changes.Run(pool);
            for (var row = 0; row < rows; row++)
            {
                Assert.True(layer.OneByOne.RowSpan(row).SequenceEqual(layer.Together.RowSpan(row)), $"row {row} of {layer.Weight.Rows} outputs");
            }

            layer.Dispose();
        }
    }

    [Fact]
    public void NothingIsLeft_ForTheNextRun()
    {
        using var pool = new WorkerPool(1);
        using var xs = KernelTests.RandomMatrix(20, Inputs, seed: 1, out var x);
        using var layer = new Layer(64, 20, "");
        var products = new LinearProducts();
        products.Add(layer.Weight, x, layer.Together);
        layer.Gather(products.Changes, x, layer.Together);
        products.Run(pool);
        var before = layer.Together.RowSpan(7).ToArray();
        products.Run(pool);
        Assert.Equal(before, layer.Together.RowSpan(7).ToArray());
        Assert.Equal(0, products.Changes.Count);
    }

    /// <summary>A weight, the rows of two adapters and of none, and a bias.</summary>
    private sealed class Layer : IDisposable
    {
        private readonly List<IDisposable> _owned = [];
        private readonly WeightMatrix _a;
        private readonly WeightMatrix _b;
        private readonly Matrix _bias;
        private readonly Matrix _shrunk;

        public Layer(int outputs, int rows, string packed)
        {
            Weight = Own(KernelTests.RandomWeight(ElementType.BF16, outputs, Inputs, seed: outputs));
            if (packed.Length > 0)
            {
                Weight.Packed = Own(WeightPacker.Pack(Weight, Enum.Parse<PackedEncoding>(packed))!);
            }

            _a = Own(KernelTests.RandomWeight(ElementType.BF16, Rank, Inputs, seed: 2));
            _b = Own(KernelTests.RandomWeight(ElementType.BF16, Rank, outputs, seed: 3));
            Own(KernelTests.RandomMatrix(1, outputs, seed: 4, out _bias));
            Own(KernelTests.RandomMatrix(rows, Rank, seed: 5, out _shrunk));
            Own(KernelTests.RandomMatrix(rows, outputs, seed: 6, out var together));
            Own(KernelTests.RandomMatrix(rows, outputs, seed: 7, out var oneByOne));
            (Together, OneByOne) = (together, oneByOne);
        }

        public WeightMatrix Weight { get; }

        public Matrix Together { get; }

        public Matrix OneByOne { get; }

        public void Gather(OutputChanges changes, Matrix x, Matrix y)
        {
            var (first, second) = (y.Rows / 3, y.Rows - (y.Rows / 4));
            foreach (var (from, to, isChanged) in new[] { (0, first, true), (first, second, false), (second, y.Rows, true) })
            {
                if (from == to)
                {
                    continue;
                }

                changes.Begin(y.Slice(from, to - from), _bias.Data, from);
                if (isChanged)
                {
                    var shrunk = _shrunk.Slice(from, to - from);
                    changes.Shrink(_a, x.Slice(from, to - from), shrunk);
                    changes.Add(new LoraTerm(shrunk, _b, 0.5f, 1));
                }
            }
        }

        public void Dispose() => _owned.ForEach(owned => owned.Dispose());

        private T Own<T>(T owned)
            where T : IDisposable
        {
            _owned.Add(owned);
            return owned;
        }
    }
}
