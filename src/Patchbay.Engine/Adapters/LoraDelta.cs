using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>
/// A low-rank change of one module: y = d ⊙ (W·x + s·B·A·x) + c. For an embedding, A·x is a column of A, and so <c>shrink</c> is
/// stored transposed: one row for each index.
/// </summary>
/// <param name="shrink">A, of shape (r, in); of an embedding Aᵀ, of shape (count, r).</param>
/// <param name="expand">B transposed, of shape (r, out).</param>
/// <param name="scale">s.</param>
/// <param name="outputScale">d of DoRA, m / ‖W + s·B·A‖ per output; null where it is 1.</param>
/// <param name="outputBias">c, s times the bias of B; null where it is 0.</param>
internal sealed unsafe class LoraDelta(
    WeightMatrix shrink, WeightMatrix expand, float scale, NativeBuffer? outputScale, NativeBuffer? outputBias = null) : IDisposable
{
    public WeightMatrix Shrink => shrink;

    public WeightMatrix Expand => expand;

    public float Scale => scale;

    public float* OutputScale => outputScale is null ? null : outputScale.Floats;

    public float* OutputBias => outputBias is null ? null : outputBias.Floats;

    public int Rank => expand.Rows;

    /// <summary>Bytes of memory.</summary>
    public long ByteLength => shrink.ByteLength + expand.ByteLength + (outputScale?.Length ?? 0) + (outputBias?.Length ?? 0);

    public void Dispose()
    {
        shrink.Dispose();
        expand.Dispose();
        outputScale?.Dispose();
        outputBias?.Dispose();
    }
}
