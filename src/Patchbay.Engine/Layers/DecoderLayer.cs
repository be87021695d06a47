using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>One residual branch: h += operation(norm(h)).</summary>
internal sealed record ResidualBranch(RmsNorm Norm, ILayerOperation Operation);

/// <summary>A decoder layer: residual branches, one after the other.</summary>
internal sealed class DecoderLayer(IReadOnlyList<ResidualBranch> branches)
{
    public IReadOnlyList<ResidualBranch> Branches => branches;

    /// <summary>Changes the hidden state (rows, hidden) in place.</summary>
    public void Forward(ForwardBatch batch, Matrix hidden)
    {
        foreach (var branch in branches)
        {
            var mark = batch.Arena.Save();
            var x = batch.Arena.Rent(hidden.Rows, hidden.Columns);
            var y = batch.Arena.Rent(hidden.Rows, hidden.Columns);
            branch.Norm.Forward(batch, hidden, x);
            branch.Operation.Forward(batch, x, y);
            batch.Pool.RunRows(new AddScaled(y, hidden), hidden.Rows, hidden.Columns);
            batch.Arena.Release(mark);
        }
    }
}
