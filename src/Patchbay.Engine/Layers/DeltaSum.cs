using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>How a module computes A·x of a low-rank change.</summary>
internal interface IShrink
{
    /// <summary>Writes A·x for each row, (rows, r), at once or when the batch's changes run.</summary>
    void Gather(ForwardBatch batch, LoraDelta delta, Matrix shrunk);
}

/// <summary>
/// Gathers the low-rank changes of what a module has computed: y = d ⊙ (y + s·B·A·x) + c for one with weight 1, and for a weighted
/// sum y = y + Σ wᵢ·(dᵢ ⊙ (y₀ + sᵢ·Bᵢ·Aᵢ·x) − y₀ + cᵢ), in order, where y₀ is y before.
/// </summary>
internal static unsafe class DeltaSum
{
    /// <summary>Adds terms to the rows that the batch's changes were begun for last, <paramref name="y"/>.</summary>
    public static void Gather<TShrink>(ForwardBatch batch, IReadOnlyList<WeightedDelta> deltas, TShrink input, Matrix y)
        where TShrink : struct, IShrink
    {
        var isSum = deltas.Count > 1 || (deltas.Count == 1 && deltas[0].Weight != 1);
        var before = default(Matrix);
        for (var i = 0; i < deltas.Count; i++)
        {
            var (delta, weight) = deltas[i];
            var isPart = isSum && delta.OutputScale is not null;
            if (isPart && before.Data is null)
            {
                before = batch.Arena.Rent(y.Rows, y.Columns);
                y.CopyTo(before);
            }

            var shrunk = batch.Arena.Rent(y.Rows, delta.Rank);
            input.Gather(batch, delta, shrunk);
            batch.Changes.Add(new LoraTerm(shrunk, delta.Expand, delta.Scale, weight)
            {
                OutputScale = delta.OutputScale,
                OutputBias = delta.OutputBias,
                Before = isPart ? before : default,
            });
        }
    }
}
