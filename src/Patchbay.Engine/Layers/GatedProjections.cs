using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>Linear layers for queries, keys and values, of which the first also gives a gate behind each query head.</summary>
/// <param name="query">Hidden state to (query, gate) of each head.</param>
/// <param name="key">Hidden state to keys.</param>
/// <param name="value">Hidden state to values.</param>
/// <param name="heads">Query heads.</param>
internal sealed class GatedProjections(Linear query, Linear key, Linear value, int heads) : IProjection
{
    private readonly LinearGroup _all = new(query, key, value);

    public int KeySize => key.OutputSize;

    public ProjectedHeads Forward(ForwardBatch batch, Matrix x)
    {
        var outputs = _all.Forward(batch, x);
        var both = outputs[0];
        var width = both.Columns / 2;
        var queries = batch.Arena.Rent(x.Rows, width);
        var gates = batch.Arena.Rent(x.Rows, width);
        batch.Pool.RunRows(new CopyGroups(both, queries, heads, 0), x.Rows, width);
        batch.Pool.RunRows(new CopyGroups(both, gates, heads, width / heads), x.Rows, width);
        return new ProjectedHeads(queries, outputs[1], outputs[2], gates);
    }
}
