using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>How a module computes A·x of a low-rank change.</summary>
internal interface IShrink
{
    /// <summary>Writes A·x for each row, (rows, r).</summary>
    void Run(ForwardBatch batch, LoraDelta delta, Matrix shrunk);
}

/// <summary>
/// Adds low-rank changes to what a module has computed: y = d ⊙ (y + s·B·A·x) + c for one with weight 1, and for a weighted sum
/// y = y + Σ wᵢ·(dᵢ ⊙ (y₀ + sᵢ·Bᵢ·Aᵢ·x) − y₀ + cᵢ), in order, where y₀ is y before.
/// </summary>
internal static unsafe class DeltaSum
{
    public static void Add<TShrink>(ForwardBatch batch, IReadOnlyList<WeightedDelta> deltas, TShrink input, Matrix y)
        where TShrink : struct, IShrink
    {
        var mark = batch.Arena.Save();
        if (deltas.Count == 1 && deltas[0].Weight == 1)
        {
            AddOne(batch, deltas[0].Delta, input, y, deltas[0].Delta.OutputScale, 1);
        }
        else
        {
            AddAll(batch, deltas, input, y);
        }

        batch.Arena.Release(mark);
    }

    private static void AddAll<TShrink>(ForwardBatch batch, IReadOnlyList<WeightedDelta> deltas, TShrink input, Matrix y)
        where TShrink : struct, IShrink
    {
        Matrix? before = null;
        for (var i = 0; i < deltas.Count; i++)
        {
            if (deltas[i].Delta.OutputScale is not null)
            {
                before ??= Copy(batch, y);
            }
        }

        for (var i = 0; i < deltas.Count; i++)
        {
            var (delta, weight) = deltas[i];
            var mark = batch.Arena.Save();
            if (delta.OutputScale is null)
            {
                AddOne(batch, delta, input, y, outputScale: null, weight);
            }
            else
            {
                var changed = Copy(batch, before!.Value);
                AddOne(batch, delta, input, changed, delta.OutputScale, 1);
                batch.Pool.RunRows(new AddScaled(before.Value, changed, -1), y.Rows, y.Columns);
                batch.Pool.RunRows(new AddScaled(changed, y, weight), y.Rows, y.Columns);
            }

            batch.Arena.Release(mark);
        }
    }

    private static void AddOne<TShrink>(ForwardBatch batch, LoraDelta delta, TShrink input, Matrix y, float* outputScale, float weight)
        where TShrink : struct, IShrink
    {
        var shrunk = batch.Arena.Rent(y.Rows, delta.Rank);
        input.Run(batch, delta, shrunk);
        AddLoraDelta.Run(batch.Pool, shrunk, delta.Expand, weight * delta.Scale, outputScale, y);
        if (delta.OutputBias is not null)
        {
            batch.Pool.RunRows(new AddBias(delta.OutputBias, y, weight), y.Rows, y.Columns);
        }
    }

    private static Matrix Copy(ForwardBatch batch, Matrix source)
    {
        var copy = batch.Arena.Rent(source.Rows, source.Columns);
        for (var row = 0; row < source.Rows; row++)
        {
            source.RowSpan(row).CopyTo(copy.RowSpan(row));
        }

        return copy;
    }
}
