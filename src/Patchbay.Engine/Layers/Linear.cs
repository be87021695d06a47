using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>
/// y = W·x + b for the base model, and what adapters make of it for their rows: y = d ⊙ (W·x + s·B·A·x) + b, with W, some of its
/// rows or b replaced. Where LoRA is applied; no model file mentions it.
/// <code>
/// 1. gather     W·x of all rows, and low-rank changes and biases by ranges of rows
/// 2. compute    what was gathered; of layers that read the same input together (<see cref="LinearGroup"/>)
/// 3. replace    rows whose adapter has another W, or other rows of it, and what is gathered for layers that have such rows
/// </code>
/// </summary>
internal sealed unsafe class Linear(AdaptableModule module, NativeBuffer? bias = null)
{
    public int InputSize => module.Weight.Columns;

    public int OutputSize => module.Weight.Rows;

    public Matrix Forward(ForwardBatch batch, Matrix x)
    {
        var y = batch.Arena.Rent(x.Rows, OutputSize);
        Forward(batch, x, y);
        return y;
    }

    /// <summary>All rows of the batch.</summary>
    public void Forward(ForwardBatch batch, Matrix x, Matrix y) => Forward(batch, x, y, batch.Lora);

    /// <summary>
    /// Rows that were picked out of the batch and are still grouped by adapter. Where an adapter's weight has another number of
    /// rows, only that many columns of y are written.
    /// </summary>
    public void Forward(ForwardBatch batch, Matrix x, Matrix y, LoraRows adapters)
    {
        var mark = batch.Arena.Save();
        Gather(batch, x, y, adapters);
        batch.Products.Run(batch.Pool);
        Replace(batch, x, y, adapters);
        batch.Changes.Run(batch.Pool);
        batch.Arena.Release(mark);
    }

    /// <summary>Step 1. What it rents from the arena is used in step 2.</summary>
    public void Gather(ForwardBatch batch, Matrix x, Matrix y, LoraRows adapters)
    {
        var (first, end) = BaseRows(adapters, x.Rows);
        if (first < end)
        {
            batch.Products.Add(module.Weight, x.Slice(first, end - first), y.SliceColumns(0, OutputSize).Slice(first, end - first));
        }

        if (!NeedsOutput(adapters, x.Rows))
        {
            GatherChanges(batch, x, y, adapters);
        }
    }

    /// <summary>Step 3, for changes that need more than a tile of the output; they run when the batch's changes do.</summary>
    public void Replace(ForwardBatch batch, Matrix x, Matrix y, LoraRows adapters)
    {
        if (!NeedsOutput(adapters, x.Rows))
        {
            return;
        }

        foreach (var range in adapters.Ranges(module.Index, x.Rows))
        {
            if (range.Change is { } change)
            {
                Replace(batch, change, x.Slice(range.FirstRow, range.RowCount), y.Slice(range.FirstRow, range.RowCount));
            }
        }

        GatherChanges(batch, x, y, adapters);
    }

    private void GatherChanges(ForwardBatch batch, Matrix x, Matrix y, LoraRows adapters)
    {
        foreach (var range in adapters.Ranges(module.Index, x.Rows))
        {
            var added = range.Change?.Bias ?? bias;
            if (added is null && range.Change is not { Deltas.Count: > 0 })
            {
                continue;
            }

            var rows = y.Slice(range.FirstRow, range.RowCount).SliceColumns(0, (range.Change?.Weight ?? module.Weight).Rows);
            batch.Changes.Begin(rows, added is null ? null : added.Floats, range.FirstRow);
            if (range.Change is { } change)
            {
                DeltaSum.Gather(batch, change.Deltas, new Product(x.Slice(range.FirstRow, range.RowCount)), rows);
            }
        }
    }

    private bool NeedsOutput(LoraRows adapters, int rowCount)
    {
        foreach (var range in adapters.Ranges(module.Index, rowCount))
        {
            if (range.Change is { NeedsOutput: true })
            {
                return true;
            }
        }

        return false;
    }

    // From the first row to the last one that the base model's weight counts for.
    private (int First, int End) BaseRows(LoraRows adapters, int rowCount)
    {
        var (first, end) = (rowCount, 0);
        foreach (var range in adapters.Ranges(module.Index, rowCount))
        {
            if (range.Change?.Weight is null)
            {
                first = Math.Min(first, range.FirstRow);
                end = range.FirstRow + range.RowCount;
            }
        }

        return (first, end);
    }

    private void Replace(ForwardBatch batch, ModuleChange change, Matrix x, Matrix y)
    {
        if (change.Weight is not null)
        {
            MatMul.Run(batch.Pool, change.Weight, x, y.SliceColumns(0, change.Weight.Rows));
        }

        if (change.Rows is null)
        {
            return;
        }

        var mark = batch.Arena.Save();
        var products = batch.Arena.Rent(x.Rows, change.Rows.Indices.Count);
        MatMul.Run(batch.Pool, change.Rows.Values, x, products);
        for (var row = 0; row < x.Rows; row++)
        {
            for (var i = 0; i < change.Rows.Indices.Count; i++)
            {
                y.Row(row)[change.Rows.Indices[i]] = products.Row(row)[i];
            }
        }

        batch.Arena.Release(mark);
    }

    private readonly struct Product(Matrix x) : IShrink
    {
        private readonly Matrix _x = x;

        public void Gather(ForwardBatch batch, LoraDelta delta, Matrix shrunk) => batch.Changes.Shrink(delta.Shrink, _x, shrunk);
    }
}
