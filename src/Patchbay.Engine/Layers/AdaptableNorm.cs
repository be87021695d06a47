using Patchbay.Engine.Adapters;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>A norm with learned values that adapters may replace for their rows.</summary>
/// <param name="module">What adapters know it as; null if they cannot change it.</param>
internal abstract class AdaptableNorm(AdaptableModule? module) : INorm
{
    public void Forward(ForwardBatch batch, Matrix x, Matrix y) => Forward(batch, x, y, batch.Lora);

    public void Forward(ForwardBatch batch, Matrix x, Matrix y, LoraRows adapters)
    {
        if (module is null)
        {
            Run(batch, null, x, y);
            return;
        }

        foreach (var range in adapters.Ranges(module.Index, x.Rows))
        {
            Run(batch, range.Change, x.Slice(range.FirstRow, range.RowCount), y.Slice(range.FirstRow, range.RowCount));
        }
    }

    /// <summary>Normalises rows with the learned values, or with those of a change.</summary>
    protected abstract void Run(ForwardBatch batch, ModuleChange? change, Matrix x, Matrix y);
}
