using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>Turns hidden states into logits over the vocabulary, for the rows that need them.</summary>
internal sealed class LmHead(INorm norm, Linear projection)
{
    /// <summary>Factor of the logits.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>c of logits that become c·tanh(logit / c); 0 leaves them.</summary>
    public float SoftCap { get; init; }

    public int VocabularySize => projection.OutputSize;

    /// <param name="batch">The batch that <paramref name="hidden"/> was computed for.</param>
    /// <param name="hidden">(rows, hidden) after the last layer.</param>
    /// <param name="rows">The rows wanted, with the adapter of each.</param>
    /// <returns>(rows.Count, vocabulary), valid until the next pass.</returns>
    public unsafe Matrix Forward(ForwardBatch batch, Matrix hidden, IReadOnlyList<int> rows, IReadOnlyList<LoraAdapter?> adapters)
    {
        var picked = batch.Arena.Rent(rows.Count, hidden.Columns);
        for (var i = 0; i < rows.Count; i++)
        {
            hidden.RowSpan(rows[i]).CopyTo(picked.RowSpan(i));
        }

        norm.Forward(batch, picked, picked);
        var logits = batch.Arena.Rent(rows.Count, projection.OutputSize);
        projection.Forward(batch, picked, logits, adapters);
        if (Scale != 1)
        {
            batch.Pool.RunRows(new ScaleRows(logits, Scale), logits.Rows, logits.Columns);
        }

        if (SoftCap != 0)
        {
            batch.Pool.RunRows(new SoftCap(logits, SoftCap), logits.Rows, logits.Columns);
        }

        return logits;
    }
}
