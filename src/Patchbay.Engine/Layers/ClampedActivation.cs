using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>The clamped SwiGLU of gpt-oss, see <see cref="GatedClamped"/>.</summary>
internal sealed class ClampedActivation(float alpha, float limit) : IGatedActivation
{
    public void ApplyGated(ForwardBatch batch, Matrix gate, Matrix up) =>
        batch.Pool.RunRows(new GatedClamped(gate, up, alpha, limit), gate.Rows, gate.Columns);
}
