using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>Looks up the vector of each token.</summary>
/// <param name="weight">(vocabulary, hidden).</param>
internal sealed class TokenEmbedding(WeightMatrix weight)
{
    public int HiddenSize => weight.Columns;

    public unsafe Matrix Forward(ForwardBatch batch)
    {
        var hidden = batch.Arena.Rent(batch.RowCount, weight.Columns);
        for (var row = 0; row < batch.RowCount; row++)
        {
            WeightDecoder.DecodeRow(weight, batch.Tokens[row], hidden.Row(row));
        }

        return hidden;
    }
}
