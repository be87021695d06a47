using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>The gated feed-forward network: down(f(gate·x) ⊙ up·x).</summary>
internal sealed class GatedMlp(Linear gate, Linear up, Linear down, IGatedActivation activation) : ILayerOperation
{
    public void Forward(ForwardBatch batch, Matrix x, Matrix y)
    {
        var hidden = gate.Forward(batch, x);
        var other = up.Forward(batch, x);
        activation.ApplyGated(batch, hidden, other);
        down.Forward(batch, hidden, y);
    }
}
