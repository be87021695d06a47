using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>Brings the rows of a hidden state, or the heads of a projection, to one scale.</summary>
internal interface INorm
{
    /// <summary>Computes y from x, both (rows, columns); y may be x.</summary>
    void Forward(ForwardBatch batch, Matrix x, Matrix y);
}
