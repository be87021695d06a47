using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>The gated feed-forward network: down(silu(gate·x) ⊙ up·x).</summary>
internal sealed class Mlp(Linear gate, Linear up, Linear down) : ILayerOperation
{
    public void Forward(ForwardBatch batch, Matrix x, Matrix y)
    {
        var hidden = gate.Forward(batch, x);
        var other = up.Forward(batch, x);
        batch.Pool.RunRows(new GatedSilu(hidden, other), hidden.Rows, hidden.Columns);
        down.Forward(batch, hidden, y);
    }
}
