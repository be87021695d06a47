using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>
/// One row of a table for each index, and what adapters make of it: row i is d ⊙ (W[i] + s·B·A[:, i]), with W or some of its
/// rows replaced.
/// </summary>
/// <param name="module">Its weight (count, width).</param>
internal sealed unsafe class EmbeddingTable(AdaptableModule module)
{
    public int Rows => module.Weight.Rows;

    public int Width => module.Weight.Columns;

    /// <summary>Writes the rows of <paramref name="indices"/>, one for each row of the batch, to y (rows, width).</summary>
    public void Forward(ForwardBatch batch, List<int> indices, int offset, Matrix y)
    {
        var mark = batch.Arena.Save();
        foreach (var range in batch.Lora.Ranges(module.Index, y.Rows))
        {
            var weight = range.Change?.Weight ?? module.Weight;
            for (var row = range.FirstRow; row < range.FirstRow + range.RowCount; row++)
            {
                var index = indices[row] + offset;
                var place = range.Change?.Rows?.PlaceOf(index) ?? -1;
                WeightDecoder.DecodeRow(place < 0 ? weight : range.Change!.Rows!.Values, place < 0 ? index : place, y.Row(row));
            }

            if (range.Change is { Deltas.Count: > 0 } change)
            {
                var rows = y.Slice(range.FirstRow, range.RowCount);
                batch.Changes.Begin(rows, bias: null);
                DeltaSum.Gather(batch, change.Deltas, new LookUp(indices, range.FirstRow, offset), rows);
            }
        }

        batch.Changes.Run(batch.Pool);
        batch.Arena.Release(mark);
    }

    private readonly struct LookUp(List<int> indices, int firstRow, int offset) : IShrink
    {
        public void Gather(ForwardBatch batch, LoraDelta delta, Matrix shrunk)
        {
            for (var row = 0; row < shrunk.Rows; row++)
            {
                WeightDecoder.DecodeRow(delta.Shrink, indices[firstRow + row] + offset, shrunk.Row(row));
            }
        }
    }
}
