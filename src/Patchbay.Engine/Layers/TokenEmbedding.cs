using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>Looks up the vector of each token and, in families that learn them, adds the vector of its position.</summary>
/// <param name="tokens">(vocabulary, hidden).</param>
internal sealed class TokenEmbedding(EmbeddingTable tokens)
{
    public int HiddenSize => tokens.Width;

    /// <summary>Factor of the token's vector.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>Learned positions (positions, hidden), or null.</summary>
    public EmbeddingTable? Positions { get; init; }

    /// <summary>Row of <see cref="Positions"/> that belongs to position 0.</summary>
    public int FirstPosition { get; init; }

    /// <summary>Positions that it knows; those of most families have no end.</summary>
    public int PositionLimit => Positions is null ? int.MaxValue : Positions.Rows - FirstPosition;

    /// <summary>Norm of the sum, if the family has one.</summary>
    public INorm? Norm { get; init; }

    public Matrix Forward(ForwardBatch batch)
    {
        var hidden = batch.Arena.Rent(batch.RowCount, tokens.Width);
        tokens.Forward(batch, batch.Tokens, 0, hidden);
        if (Scale != 1)
        {
            batch.Pool.RunRows(new ScaleRows(hidden, Scale), hidden.Rows, hidden.Columns);
        }

        if (Positions is not null)
        {
            var mark = batch.Arena.Save();
            var learned = batch.Arena.Rent(batch.RowCount, Positions.Width);
            Positions.Forward(batch, batch.Positions, FirstPosition, learned);
            batch.Pool.RunRows(new AddScaled(learned, hidden), hidden.Rows, hidden.Columns);
            batch.Arena.Release(mark);
        }

        Norm?.Forward(batch, hidden, hidden);
        return hidden;
    }
}
