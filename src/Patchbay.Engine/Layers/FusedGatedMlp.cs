using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>The gated feed-forward network whose first projection holds the rows of the gate and then those of up.</summary>
internal sealed class FusedGatedMlp(Linear gateAndUp, Linear down, Activation activation) : ILayerOperation
{
    public void Forward(ForwardBatch batch, Matrix x, Matrix y)
    {
        var hidden = gateAndUp.Forward(batch, x);
        var gate = hidden.SliceColumns(0, down.InputSize);
        activation.ApplyGated(batch, gate, hidden.SliceColumns(down.InputSize, down.InputSize));
        down.Forward(batch, gate, y);
    }
}
