using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>
/// y = W·x + b for the base model, and what adapters make of it for their rows: y = d ⊙ (W·x + s·B·A·x) + b. The only place
/// where LoRA is applied; no model file mentions it.
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

    /// <summary>Rows that were picked out of the batch and are still grouped by adapter.</summary>
    public void Forward(ForwardBatch batch, Matrix x, Matrix y, LoraRows adapters)
    {
        MatMul.Run(batch.Pool, module.Weight, x, y);
        var groups = adapters.Groups;
        for (var i = 0; i < groups.Count; i++)
        {
            Adapt(batch, groups[i].Adapter, x.Slice(groups[i].FirstRow, groups[i].RowCount), y.Slice(groups[i].FirstRow, groups[i].RowCount));
        }

        AddBias(batch, y);
    }

    /// <summary>Some rows, picked out of the batch, each with its adapter.</summary>
    public void Forward(ForwardBatch batch, Matrix x, Matrix y, IReadOnlyList<LoraAdapter?> adapters)
    {
        MatMul.Run(batch.Pool, module.Weight, x, y);
        for (var row = 0; row < x.Rows; row++)
        {
            if (adapters[row] is { } adapter)
            {
                Adapt(batch, adapter, x.Slice(row, 1), y.Slice(row, 1));
            }
        }

        AddBias(batch, y);
    }

    private void Adapt(ForwardBatch batch, LoraAdapter adapter, Matrix x, Matrix y)
    {
        if (adapter.Delta(module.Index) is not { } delta)
        {
            return;
        }

        var mark = batch.Arena.Save();
        var shrunk = batch.Arena.Rent(x.Rows, delta.Rank);
        MatMul.Run(batch.Pool, delta.Shrink, x, shrunk);
        AddLoraDelta.Run(batch.Pool, shrunk, delta.Expand, delta.Scale, delta.OutputScale, y);
        batch.Arena.Release(mark);
    }

    private void AddBias(ForwardBatch batch, Matrix y)
    {
        if (bias is not null)
        {
            batch.Pool.RunRows(new AddBias(bias.Floats, y), y.Rows, y.Columns);
        }
    }
}
