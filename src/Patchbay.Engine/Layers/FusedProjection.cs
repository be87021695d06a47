using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>
/// One linear layer for queries, keys and values. Its outputs come in groups, each with its share of queries, then of keys, then
/// of values: one group is [queries | keys | values], one group per key head is the layout of Falcon and GPT-NeoX.
/// </summary>
/// <param name="fused">The layer.</param>
/// <param name="groups">How many times the pattern repeats.</param>
/// <param name="querySize">Columns of the queries, all groups together.</param>
/// <param name="keySize">Columns of the keys, and of the values.</param>
internal sealed class FusedProjection(Linear fused, int groups, int querySize, int keySize) : IProjection
{
    public int KeySize => keySize;

    public ProjectedHeads Forward(ForwardBatch batch, Matrix x)
    {
        var all = fused.Forward(batch, x);
        if (groups == 1)
        {
            return new ProjectedHeads(
                all.SliceColumns(0, querySize), all.SliceColumns(querySize, keySize), all.SliceColumns(querySize + keySize, keySize));
        }

        var heads = new ProjectedHeads(batch.Arena.Rent(x.Rows, querySize), batch.Arena.Rent(x.Rows, keySize), batch.Arena.Rent(x.Rows, keySize));
        batch.Pool.RunRows(new SplitGroups(all, heads.Queries, heads.Keys, heads.Values, groups), x.Rows, all.Columns);
        return heads;
    }
}
