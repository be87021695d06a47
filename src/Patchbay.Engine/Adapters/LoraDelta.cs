using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>What an adapter does to one linear layer: y = d ⊙ (W·x + s·B·A·x).</summary>
/// <param name="shrink">A, of shape (r, in).</param>
/// <param name="expand">B transposed, of shape (r, out).</param>
/// <param name="scale">s.</param>
/// <param name="outputScale">d of DoRA, m / ‖W + s·B·A‖ per output; null where it is 1.</param>
internal sealed unsafe class LoraDelta(WeightMatrix shrink, WeightMatrix expand, float scale, NativeBuffer? outputScale) : IDisposable
{
    public WeightMatrix Shrink => shrink;

    public WeightMatrix Expand => expand;

    public float Scale => scale;

    public float* OutputScale => outputScale is null ? null : outputScale.Floats;

    public int Rank => shrink.Rows;

    /// <summary>Bytes of memory.</summary>
    public long ByteLength => shrink.ByteLength + expand.ByteLength + (outputScale?.Length ?? 0);

    public void Dispose()
    {
        shrink.Dispose();
        expand.Dispose();
        outputScale?.Dispose();
    }
}
