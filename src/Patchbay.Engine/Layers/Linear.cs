using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>
/// y = W·x + b for the base model, and what adapters make of it for their rows: y = d ⊙ (W·x + s·B·A·x) + b, with W, some of its
/// rows or b replaced. Where LoRA is applied; no model file mentions it.
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
        var own = y.SliceColumns(0, OutputSize);
        MatMul.Run(batch.Pool, module.Weight, x, own);
        foreach (var range in adapters.Ranges(module.Index, x.Rows))
        {
            if (range.Change is { } change)
            {
                Change(batch, change, x.Slice(range.FirstRow, range.RowCount), y.Slice(range.FirstRow, range.RowCount));
            }
            else if (bias is not null)
            {
                AddBias(batch, bias, own.Slice(range.FirstRow, range.RowCount));
            }
        }
    }

    private void Change(ForwardBatch batch, ModuleChange change, Matrix x, Matrix y)
    {
        y = y.SliceColumns(0, (change.Weight ?? module.Weight).Rows);
        if (change.Weight is not null)
        {
            MatMul.Run(batch.Pool, change.Weight, x, y);
        }

        if (change.Rows is not null)
        {
            Replace(batch, change.Rows, x, y);
        }

        if (change.Deltas.Count > 0)
        {
            DeltaSum.Add(batch, change.Deltas, new Product(x), y);
        }

        if ((change.Bias ?? bias) is { } added)
        {
            AddBias(batch, added, y);
        }
    }

    private static void Replace(ForwardBatch batch, ReplacedRows rows, Matrix x, Matrix y)
    {
        var mark = batch.Arena.Save();
        var products = batch.Arena.Rent(x.Rows, rows.Indices.Count);
        MatMul.Run(batch.Pool, rows.Values, x, products);
        for (var row = 0; row < x.Rows; row++)
        {
            for (var i = 0; i < rows.Indices.Count; i++)
            {
                y.Row(row)[rows.Indices[i]] = products.Row(row)[i];
            }
        }

        batch.Arena.Release(mark);
    }

    private static void AddBias(ForwardBatch batch, NativeBuffer values, Matrix y) =>
        batch.Pool.RunRows(new AddBias(values.Floats, y), y.Rows, y.Columns);

    private readonly struct Product(Matrix x) : IShrink
    {
        private readonly Matrix _x = x;

        public void Run(ForwardBatch batch, LoraDelta delta, Matrix shrunk) => MatMul.Run(batch.Pool, delta.Shrink, _x, shrunk);
    }
}
