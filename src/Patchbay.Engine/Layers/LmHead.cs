using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>Turns hidden states into logits over the vocabulary, for the rows that need them.</summary>
internal sealed class LmHead(INorm norm, Linear projection)
{
    private readonly LoraRows _adapters = new();

    /// <summary>Factor of the logits.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>c of logits that become c·tanh(logit / c); 0 leaves them.</summary>
    public float SoftCap { get; init; }

    public int VocabularySize => projection.OutputSize;

    /// <param name="batch">The batch that <paramref name="hidden"/> was computed for.</param>
    /// <param name="hidden">(rows, hidden) after the last layer.</param>
    /// <param name="rows">The rows wanted, in ascending order.</param>
    /// <returns>(rows, largest vocabulary), valid until the next pass; only as many columns of a row count as its adapter has tokens.</returns>
    public Matrix Forward(ForwardBatch batch, Matrix hidden, ReadOnlySpan<int> rows)
    {
        var picked = batch.Arena.Rent(rows.Length, hidden.Columns);
        for (var i = 0; i < rows.Length; i++)
        {
            hidden.RowSpan(rows[i]).CopyTo(picked.RowSpan(i));
        }

        _adapters.Pick(batch.Lora, rows);
        var width = projection.OutputSize;
        for (var i = 0; i < _adapters.Groups.Count; i++)
        {
            width = Math.Max(width, _adapters.Groups[i].Adapter.VocabularySize ?? 0);
        }

        norm.Forward(batch, picked, picked, _adapters);
        var logits = batch.Arena.Rent(rows.Length, width);
        projection.Forward(batch, picked, logits, _adapters);
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
