using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>One linear layer each for queries, keys and values.</summary>
internal sealed class SeparateProjections(Linear query, Linear key, Linear value) : IProjection
{
    private readonly LinearGroup _all = new(query, key, value);

    public int KeySize => key.OutputSize;

    public ProjectedHeads Forward(ForwardBatch batch, Matrix x)
    {
        var outputs = _all.Forward(batch, x);
        return new ProjectedHeads(outputs[0], outputs[1], outputs[2]);
    }
}
