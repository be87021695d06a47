using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>What stands between two residual additions: attention, a feed-forward network, …</summary>
internal interface ILayerOperation
{
    /// <summary>Computes y (rows, hidden) from the normalised hidden state x (rows, hidden).</summary>
    void Forward(ForwardBatch batch, Matrix x, Matrix y);
}
