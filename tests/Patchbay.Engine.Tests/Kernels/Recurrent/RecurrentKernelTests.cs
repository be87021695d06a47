using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Recurrent;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Tests.Kernels.Recurrent;

/// <summary>
/// Every recurrence on every SIMD width: two sequences in one batch equal their definition, and are the same bits however they are
/// cut into steps.
/// </summary>
public sealed unsafe class RecurrentKernelTests
{
    // Rows of the two sequences, one after the other.
    private static readonly int[] s_lengths = [13, 9];
    private static readonly int s_rows = s_lengths.Sum();

    public static TheoryData<string> Paths => KernelTests.Paths;

    [Theory]
    [MemberData(nameof(Paths))]
    public void ConvolveCausal_EqualsTheDefinition(string path)
    {
        const int Channels = 277;
        foreach (var (taps, hasSilu) in new[] { (4, true), (3, false), (1, false) })
        {
            using var w = KernelTests.RandomMatrix(taps, Channels, seed: 1, out var weights);
            using var b = KernelTests.RandomMatrix(1, Channels, seed: 2, out var bias);
            using var x = KernelTests.RandomMatrix(s_rows, Channels, seed: 3, out var inputs);
            var parts = (Channels + ConvolveCausal.PartChannels - 1) / ConvolveCausal.PartChannels;
            var (tapCount, isActivated) = (taps, hasSilu);
            Check(
                path,
                Channels,
                (taps - 1) * Channels,
                (pool, states, sequences, y) => pool.RunSequences(
                    new ConvolveCausal(inputs, y, weights.Data, bias.Data, tapCount, isActivated, states), sequences, sequences.Length, parts),
                (first, count, y) => ConvolveCausal.RunReference(inputs.Slice(first, count), y, weights.Data, bias.Data, tapCount, isActivated));
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void ScanSelective_EqualsTheDefinition(string path)
    {
        const int Channels = 75;
        const int States = 5;
        using var x = KernelTests.RandomMatrix(s_rows, Channels, seed: 1, out var inputs);
        using var s = Positive(s_rows, Channels, seed: 2, out var steps);
        using var b = KernelTests.RandomMatrix(s_rows, States, seed: 3, out var bs);
        using var c = KernelTests.RandomMatrix(s_rows, States, seed: 4, out var cs);
        using var a = Positive(States, Channels, seed: 5, out var decays);
        using var d = KernelTests.RandomMatrix(1, Channels, seed: 6, out var skips);
        foreach (ref var value in a.AsSpan<float>())
        {
            value = -value;
        }

        var parts = (Channels + ScanSelective.PartChannels - 1) / ScanSelective.PartChannels;
        Check(
            path,
            Channels,
            States * Channels,
            (pool, states, sequences, y) => pool.RunSequences(
                new ScanSelective(inputs, steps, bs, cs, decays.Data, skips.Data, y, states), sequences, sequences.Length, parts),
            (first, count, y) => ScanSelective.RunReference(
                inputs.Slice(first, count), steps.Slice(first, count), bs.Slice(first, count), cs.Slice(first, count), decays.Data, skips.Data, y));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void ScanHeads_EqualsTheDefinition(string path)
    {
        const int Heads = 6;
        const int HeadDim = 19;
        const int Groups = 2;
        const int States = 5;
        using var x = KernelTests.RandomMatrix(s_rows, Heads * HeadDim, seed: 1, out var inputs);
        using var s = Positive(s_rows, Heads, seed: 2, out var steps);
        using var b = KernelTests.RandomMatrix(s_rows, Groups * States, seed: 3, out var bs);
        using var c = KernelTests.RandomMatrix(s_rows, Groups * States, seed: 4, out var cs);
        using var d = KernelTests.RandomMatrix(1, Heads, seed: 6, out var skips);
        using var a = NativeBuffer.Of<float>(Heads);
        new float[] { -0.1f, -0.5f, -1, -2, -4, -8 }.CopyTo(a.AsSpan<float>());
        Check(
            path,
            Heads * HeadDim,
            Heads * HeadDim * States,
            (pool, states, sequences, y) => pool.RunSequences(
                new ScanHeads(inputs, steps, bs, cs, a.Floats, skips.Data, y, Groups, states), sequences, sequences.Length, Heads),
            (first, count, y) => ScanHeads.RunReference(
                inputs.Slice(first, count), steps.Slice(first, count), bs.Slice(first, count), cs.Slice(first, count), a.Floats, skips.Data, y, Groups));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void GatedDelta_EqualsTheDefinition(string path)
    {
        const int KeyHeads = 2;
        const int KeyDim = 7;
        const int Heads = 4;
        const int ValueDim = 21;
        using var q = KernelTests.RandomMatrix(s_rows, KeyHeads * KeyDim, seed: 1, out var queries);
        using var k = KernelTests.RandomMatrix(s_rows, KeyHeads * KeyDim, seed: 2, out var keys);
        using var v = KernelTests.RandomMatrix(s_rows, Heads * ValueDim, seed: 3, out var values);
        using var a = Positive(s_rows, Heads, seed: 4, out var decays);
        using var b = Positive(s_rows, Heads, seed: 5, out var rates);
        using var pool = new WorkerPool(1);
        pool.RunRows(new UnitLength(queries, KeyDim, 1e-6f, 1), s_rows, KeyHeads * KeyDim);
        pool.RunRows(new UnitLength(keys, KeyDim, 1e-6f, 1), s_rows, KeyHeads * KeyDim);
        Check(
            path,
            Heads * ValueDim,
            Heads * KeyDim * ValueDim,
            (workers, states, sequences, y) => workers.RunSequences(
                new GatedDelta(queries, keys, values, decays, rates, y, KeyDim, states), sequences, sequences.Length, Heads),
            (first, count, y) => GatedDelta.RunReference(
                queries.Slice(first, count),
                keys.Slice(first, count),
                values.Slice(first, count),
                decays.Slice(first, count),
                rates.Slice(first, count),
                y,
                KeyDim));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void LightningBlocks_WithExactDecays_EqualsTheRecurrence(string path)
    {
        const int Heads = 2;
        const int HeadDim = 19;
        const int Block = 4;
        float[] slopes = [0.5f, 0.1f];
        using var h = KernelTests.RandomMatrix(s_rows, Heads * 3 * HeadDim, seed: 1, out var heads);
        using var query = Table(place => place + 1);
        using var key = Table(place => Block - 1 - place);
        using var distance = Table(place => place);
        using var block = NativeBuffer.Of<float>(Heads);
        Array.ConvertAll(slopes, slope => MathF.Exp(-slope * Block)).CopyTo(block.AsSpan<float>());
        var decays = new LightningDecays((nint)query.Data, (nint)key.Data, (nint)distance.Data, (nint)block.Data);
        Check(
            path,
            Heads * HeadDim,
            Heads * LightningBlocks.StateSize(HeadDim, Block),
            (pool, states, sequences, y) => pool.RunSequences(
                new LightningBlocks(heads, y, HeadDim, Block, decays, states), sequences, sequences.Length, Heads),
            (first, count, y) => LightningBlocks.RunReference(heads.Slice(first, count), y, HeadDim, slopes));

        NativeBuffer Table(Func<int, int> exponent)
        {
            var table = NativeBuffer.Of<float>(Heads * Block);
            for (var i = 0; i < Heads * Block; i++)
            {
                table.Floats[i] = MathF.Exp(-slopes[i / Block] * exponent(i % Block));
            }

            return table;
        }
    }

    private static NativeBuffer Positive(int rows, int columns, int seed, out Matrix matrix)
    {
        var buffer = KernelTests.RandomMatrix(rows, columns, seed, out matrix);
        foreach (ref var value in buffer.AsSpan<float>())
        {
            value = 0.05f + (0.9f * MathF.Abs(value));
        }

        return buffer;
    }

    private static void Check(
        string path,
        int columns,
        int stateSize,
        Action<WorkerPool, StateLayer, PagedRows[], Matrix> run,
        Action<int, int, Matrix> reference)
    {
        using var pool = new WorkerPool(2, Enum.Parse<SimdPath>(path));
        using var e = KernelTests.RandomMatrix(s_rows, columns, seed: 90, out var expected);
        reference(0, s_lengths[0], expected.Slice(0, s_lengths[0]));
        reference(s_lengths[0], s_lengths[1], expected.Slice(s_lengths[0], s_lengths[1]));
        using var w = KernelTests.RandomMatrix(s_rows, columns, seed: 91, out var whole);
        using var c = KernelTests.RandomMatrix(s_rows, columns, seed: 92, out var cut);
        Run([(0, s_lengths[0], s_lengths[1])], whole);
        Run([(0, 1, 5), (1, 6, 6), (6, 13, 9)], cut);
        for (var row = 0; row < s_rows; row++)
        {
            Assert.True(whole.RowSpan(row).SequenceEqual(cut.RowSpan(row)), $"row {row}");
            for (var i = 0; i < columns; i++)
            {
                Assert.Equal(expected.Row(row)[i], whole.Row(row)[i], 1e-5f);
            }
        }

        // Each step: where the first sequence goes on, where it stops, where the second one stops.
        void Run((int From, int To, int SecondTo)[] steps, Matrix y)
        {
            using var buffer = NativeBuffer.Of<float>(2L * stateSize);
            var states = new StateLayer((nint)buffer.Data, stateSize);
            var second = 0;
            foreach (var (from, to, secondTo) in steps)
            {
                var sequences = new List<PagedRows> { new(from, to - from, from, 0, StateSlot: 1) };
                if (secondTo > second)
                {
                    sequences.Add(new PagedRows(s_lengths[0] + second, secondTo - second, second, 0, StateSlot: 0));
                }

                run(pool, states, [.. sequences], y);
                second = secondTo;
            }
        }
    }
}
