using Patchbay.Engine.Adapters;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>Brings the rows of a hidden state, or the heads of a projection, to one scale.</summary>
internal interface INorm
{
    /// <summary>Computes y from x, both (rows, columns), for all rows of the batch; y may be x.</summary>
    void Forward(ForwardBatch batch, Matrix x, Matrix y);

    /// <summary>The same for rows that were picked out of the batch, where adapters can change the norm.</summary>
    /// <param name="batch">The batch that the rows belong to.</param>
    /// <param name="x">Input.</param>
    /// <param name="y">Output.</param>
    /// <param name="adapters">Which adapter acts on which of the rows.</param>
    void Forward(ForwardBatch batch, Matrix x, Matrix y, LoraRows adapters) => Forward(batch, x, y);
}
