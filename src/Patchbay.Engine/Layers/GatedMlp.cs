using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>The gated feed-forward network: down(f(gate·x) ⊙ up·x).</summary>
internal sealed class GatedMlp(Linear gate, Linear up, Linear down, IGatedActivation activation) : ILayerOperation
{
    private readonly LinearGroup _gateAndUp = new(gate, up);

    public void Forward(ForwardBatch batch, Matrix x, Matrix y)
    {
        var inner = _gateAndUp.Forward(batch, x);
        activation.ApplyGated(batch, inner[0], inner[1]);
        down.Forward(batch, inner[0], y);
    }
}
