using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>One linear layer each for queries, keys and values.</summary>
internal sealed class SeparateProjections(Linear query, Linear key, Linear value) : IProjection
{
    public int KeySize => key.OutputSize;

    public ProjectedHeads Forward(ForwardBatch batch, Matrix x) => new(query.Forward(batch, x), key.Forward(batch, x), value.Forward(batch, x));
}
