using Patchbay.Engine.Kernels;
using Patchbay.Engine.KvCache;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>The parts of one latent attention layer.</summary>
internal sealed record LatentAttentionParts
{
    /// <summary>Hidden state to queries, or to what <see cref="QueryUp"/> makes queries of.</summary>
    public required Linear QueryDown { get; init; }

    /// <summary>Null where queries are not compressed; so is <see cref="QueryUp"/>.</summary>
    public RmsNorm? QueryNorm { get; init; }

    public Linear? QueryUp { get; init; }

    /// <summary>Hidden state to the compressed keys and values, and behind them the key part that all heads share.</summary>
    public required Linear KeyValueDown { get; init; }

    public required RmsNorm KeyValueNorm { get; init; }

    /// <summary>Compressed keys and values to each head's own key part and value vector.</summary>
    public required Linear KeyValueUp { get; init; }

    public required Linear Output { get; init; }

    public required RotaryEmbedding Rotary { get; init; }

    public required int Heads { get; init; }

    /// <summary>Values of a key that are turned by its position.</summary>
    public required int TurnedDim { get; init; }

    public required int ValueDim { get; init; }

    /// <summary>Factor of the scores.</summary>
    public required float Scale { get; init; }

    /// <summary>Whether neighbouring values are turned against each other, or the halves.</summary>
    public required bool IsInterleaved { get; init; }
}

/// <summary>
/// Multi-head latent attention (arXiv:2405.04434 §2.1): keys and values come out of a small compressed vector, positions act on a
/// separate key part that all heads share. Keys and values are kept expanded: more memory than the compressed vector, but
/// adapters may change how it is expanded, and then what was kept must not depend on who reads it.
/// </summary>
/// <param name="layer">Which layer of the key/value store is its own.</param>
/// <param name="parts">Its weights and settings.</param>
internal sealed class LatentAttention(int layer, LatentAttentionParts parts) : ILayerOperation
{
    private readonly AttendPaged.Settings _settings = new(parts.Scale);
    private readonly LinearGroup _downs = new(parts.QueryDown, parts.KeyValueDown);

    /// <summary>What it keeps per token.</summary>
    public KvShape KvShape { get; } = new(parts.Heads, (parts.QueryUp ?? parts.QueryDown).OutputSize / parts.Heads, parts.ValueDim);

    public void Forward(ForwardBatch batch, Matrix x, Matrix y)
    {
        var downs = _downs.Forward(batch, x);
        var queries = Queries(batch, downs[0]);
        var compressed = downs[1];
        var latent = compressed.Columns - parts.TurnedDim;
        var normalised = batch.Arena.Rent(x.Rows, latent);
        parts.KeyValueNorm.Forward(batch, compressed.SliceColumns(0, latent), normalised);
        var expanded = parts.KeyValueUp.Forward(batch, normalised);

        var keys = batch.Arena.Rent(x.Rows, queries.Columns);
        var values = batch.Arena.Rent(x.Rows, parts.Heads * parts.ValueDim);
        var angles = batch.Angles(parts.Rotary);
        var shared = compressed.SliceColumns(latent, parts.TurnedDim);
        batch.Pool.RunRows(
            new AssembleLatent(queries, expanded, shared, keys, values, angles.Cosines, angles.Sines, parts.Heads, parts.IsInterleaved),
            x.Rows,
            queries.Columns + values.Columns);
        for (var i = 0; i < batch.SequenceCount; i++)
        {
            batch.Kv.Write(batch.Pool, layer, batch.Sequences[i], keys, values);
        }

        var attended = batch.Arena.Rent(x.Rows, values.Columns);
        AttendPaged.Run(batch.Pool, batch.Sequences, batch.SequenceCount, batch.Kv.Layer(layer), queries, attended, _settings);
        parts.Output.Forward(batch, attended, y);
    }

    private Matrix Queries(ForwardBatch batch, Matrix down)
    {
        if (parts.QueryUp is null)
        {
            return down;
        }

        parts.QueryNorm!.Forward(batch, down, down);
        return parts.QueryUp.Forward(batch, down);
    }
}
