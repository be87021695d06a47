using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Tests.Kernels;

/// <summary>Choosing, activating and combining experts.</summary>
public sealed unsafe class ExpertKernelTests
{
    public static TheoryData<string> Paths => KernelTests.Paths;

    [Fact]
    public void SoftmaxRouter_ChoosesTheLargest_AndNormalisesTheirWeights()
    {
        var (experts, weights) = Choose([1, 3, 2, 0], null, new RouterSettings { ChosenCount = 2, Score = RouterScore.Softmax, Normalise = true });
        Assert.Equal([1, 2], experts);
        Assert.Equal(Math.Exp(1) / (1 + Math.Exp(1)), weights[0], 6);
        Assert.Equal(1 / (1 + Math.Exp(1)), weights[1], 6);
    }

    [Fact]
    public void SoftmaxOfChosen_EqualsNormalisedSoftmax()
    {
        var settings = new RouterSettings { ChosenCount = 3, Score = RouterScore.Softmax, Normalise = true };
        var (experts, weights) = Choose([0.5f, -1, 2, 1.5f, 0], null, settings);
        var (others, same) = Choose([0.5f, -1, 2, 1.5f, 0], null, settings with { Score = RouterScore.SoftmaxOfChosen, Normalise = false });
        Assert.Equal(experts, others);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(weights[i], same[i], 1e-6f);
        }
    }

    [Fact]
    public void CorrectionBias_ChangesTheChoice_NotTheWeights()
    {
        var settings = new RouterSettings { ChosenCount = 1, Score = RouterScore.Sigmoid, Scale = 2 };
        var (experts, weights) = Choose([1, 0, -1], [0, 0, 5], settings);
        Assert.Equal([2], experts);
        Assert.Equal(2 / (1 + Math.Exp(1)), weights[0], 6);
    }

    [Fact]
    public void Groups_AreChosenBeforeExperts()
    {
        // Group sums of the two best: 0 and 1 hold 0.9 + 0.1, 2 and 3 hold 0.6 + 0.6: the largest single score is left out.
        var settings = new RouterSettings
        {
            ChosenCount = 2,
            Score = RouterScore.Sigmoid,
            GroupCount = 2,
            ChosenGroupCount = 1,
            BestOfGroup = 2,
        };
        Assert.Equal([2, 3], Choose([Logit(0.9), Logit(0.1), Logit(0.6), Logit(0.6)], null, settings).Experts);
        Assert.Equal([0, 1], Choose([Logit(0.9), Logit(0.1), Logit(0.6), Logit(0.6)], null, settings with { BestOfGroup = 1 }).Experts);
    }

    [Fact]
    public void EqualScores_ChooseTheFirst() =>
        Assert.Equal([0, 1], Choose([1, 1, 1], null, new RouterSettings { ChosenCount = 2, Score = RouterScore.Softmax }).Experts);

    [Theory]
    [MemberData(nameof(Paths))]
    public void GatedClamped_EqualsItsDefinition(string path)
    {
        using var pool = new WorkerPool(2, Enum.Parse<SimdPath>(path));
        using var g = KernelTests.RandomMatrix(3, 53, seed: 1, out var gate);
        using var before = KernelTests.RandomMatrix(3, 53, seed: 1, out var original);
        using var u = KernelTests.RandomMatrix(3, 53, seed: 2, out var up);
        pool.RunRows(new GatedClamped(gate, up, 1.702f, 0.5f), 3, 53);
        for (var i = 0; i < 3 * 53; i++)
        {
            Assert.Equal(GatedClamped.ApplyReference(original.Data[i], up.Data[i], 1.702f, 0.5f), gate.Data[i], 1e-6f);
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void CombineExperts_AddsEachRowsOwnResults(string path)
    {
        using var pool = new WorkerPool(2, Enum.Parse<SimdPath>(path));
        using var o = KernelTests.RandomMatrix(6, 37, seed: 3, out var outputs);
        using var w = KernelTests.RandomMatrix(3, 2, seed: 4, out var weights);
        using var target = KernelTests.RandomMatrix(3, 37, seed: 5, out var y);
        using var p = new NativeBuffer(6 * sizeof(int));
        int[] places = [4, 0, 1, 5, 2, 3];
        places.CopyTo(p.AsSpan<int>());
        pool.RunRows(new CombineExperts(outputs, (int*)p.Data, weights, y), 3, 37);
        for (var row = 0; row < 3; row++)
        {
            for (var i = 0; i < 37; i++)
            {
                var expected = (weights.Row(row)[0] * outputs.Row(places[2 * row])[i]) + (weights.Row(row)[1] * outputs.Row(places[(2 * row) + 1])[i]);
                Assert.Equal(expected, y.Row(row)[i], 1e-6f);
            }
        }
    }

    private static float Logit(double score) => (float)Math.Log(score / (1 - score));

    private static (int[] Experts, float[] Weights) Choose(float[] logits, float[]? bias, RouterSettings settings)
    {
        using var pool = new WorkerPool(1);
        using var l = NativeBuffer.Of<float>(logits.Length);
        using var c = NativeBuffer.Of<float>(logits.Length);
        using var b = NativeBuffer.Of<float>(logits.Length);
        using var e = NativeBuffer.Of<int>(settings.ChosenCount);
        using var w = NativeBuffer.Of<float>(settings.ChosenCount);
        logits.CopyTo(l.AsSpan<float>());
        bias?.CopyTo(b.AsSpan<float>());
        var kernel = new ChooseExperts(
            new Matrix(l.Floats, 1, logits.Length),
            new Matrix(c.Floats, 1, logits.Length),
            bias is null ? null : b.Floats,
            (int*)e.Data,
            new Matrix(w.Floats, 1, settings.ChosenCount),
            settings);
        pool.RunRows(kernel, 1, logits.Length);
        return (e.AsSpan<int>().ToArray(), w.AsSpan<float>().ToArray());
    }
}
