using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>
/// A mixture of experts (arXiv:1701.06538): each row goes through the few experts its router chooses; their results are
/// weighed and added.
/// <code>
/// 1. route    the router chooses experts for every row
/// 2. group    rows are sorted by expert, so that each expert's weights are read once
/// 3. compute  each expert on its rows, adapters included
/// 4. combine  every row adds its own results, in ascending order of experts
/// 5. share    an expert that sees every row is added, where the family has one
/// </code>
/// Which other rows an expert sees does not change a row's result, so neither does the batch.
/// </summary>
/// <param name="router">Chooses experts.</param>
/// <param name="experts">The experts.</param>
/// <param name="shared">A feed-forward network for every row, if the family has one.</param>
/// <param name="sharedGate">One logit whose sigmoid weighs the shared network; null weighs it with 1.</param>
internal sealed unsafe class MoeMlp(Router router, IReadOnlyList<Expert> experts, ILayerOperation? shared = null, Linear? sharedGate = null)
    : ILayerOperation
{
    private readonly LoraRows _adapters = new();

    public void Forward(ForwardBatch batch, Matrix x, Matrix y)
    {
        var choices = router.Forward(batch, x);
        var groups = Group(batch, choices, x.Rows);
        var outputs = batch.Arena.Rent(x.Rows * choices.ChosenCount, x.Columns);
        for (var expert = 0; expert < experts.Count; expert++)
        {
            var (first, count) = groups.Of(expert);
            if (count > 0)
            {
                Compute(batch, experts[expert], x, new ReadOnlySpan<int>(groups.Rows + first, count), outputs.Slice(first, count));
            }
        }

        batch.Pool.RunRows(new CombineExperts(outputs, groups.Places, choices.Weights, y), y.Rows, y.Columns * choices.ChosenCount);
        AddShared(batch, x, y);
    }

    /// <summary>Sorts rows by expert, counting first; rows of one expert stay in the order of the batch.</summary>
    private Groups Group(ForwardBatch batch, ExpertChoices choices, int rowCount)
    {
        var total = rowCount * choices.ChosenCount;
        var groups = new Groups(
            (int*)batch.Arena.RentBytes((long)total * sizeof(int)),
            (int*)batch.Arena.RentBytes((long)total * sizeof(int)),
            (int*)batch.Arena.RentBytes((experts.Count + 1L) * sizeof(int)));
        var ends = new Span<int>(groups.Ends, experts.Count + 1);
        ends.Clear();
        for (var i = 0; i < total; i++)
        {
            ends[choices.Experts[i] + 1]++;
        }

        for (var expert = 1; expert < ends.Length; expert++)
        {
            ends[expert] += ends[expert - 1];
        }

        // Entry e is the place of the next row of expert e; once all are placed, it is where the expert's rows end.
        for (var i = 0; i < total; i++)
        {
            var place = ends[choices.Experts[i]]++;
            groups.Rows[place] = i / choices.ChosenCount;
            groups.Places[i] = place;
        }

        return groups;
    }

    private void Compute(ForwardBatch batch, Expert expert, Matrix x, ReadOnlySpan<int> rows, Matrix outputs)
    {
        var mark = batch.Arena.Save();
        var picked = batch.Arena.Rent(rows.Length, x.Columns);
        for (var i = 0; i < rows.Length; i++)
        {
            x.RowSpan(rows[i]).CopyTo(picked.RowSpan(i));
        }

        _adapters.Pick(batch.Lora, rows);
        expert.Forward(batch, picked, outputs, _adapters);
        batch.Arena.Release(mark);
    }

    private void AddShared(ForwardBatch batch, Matrix x, Matrix y)
    {
        if (shared is null)
        {
            return;
        }

        var output = batch.Arena.Rent(y.Rows, y.Columns);
        shared.Forward(batch, x, output);
        if (sharedGate is null)
        {
            batch.Pool.RunRows(new AddScaled(output, y), y.Rows, y.Columns);
        }
        else
        {
            batch.Pool.RunRows(new AddGated(sharedGate.Forward(batch, x), output, y), y.Rows, y.Columns);
        }
    }

    /// <summary>Choices sorted by expert.</summary>
    /// <param name="rows">The row of each, by place.</param>
    /// <param name="places">The place of each choice, by row.</param>
    /// <param name="ends">Where each expert's places end.</param>
    private readonly struct Groups(int* rows, int* places, int* ends)
    {
        public readonly int* Rows = rows;
        public readonly int* Places = places;
        public readonly int* Ends = ends;

        public (int First, int Count) Of(int expert)
        {
            var first = expert == 0 ? 0 : Ends[expert - 1];
            return (first, Ends[expert] - first);
        }
    }
}
