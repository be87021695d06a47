using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>f(scale·gate) ⊙ up.</summary>
internal sealed class ScaledActivation(float scale, IGatedActivation activation) : IGatedActivation
{
    public void ApplyGated(ForwardBatch batch, Matrix gate, Matrix up)
    {
        batch.Pool.RunRows(new ScaleRows(gate, scale), gate.Rows, gate.Columns);
        activation.ApplyGated(batch, gate, up);
    }
}
