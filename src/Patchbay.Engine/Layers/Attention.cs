using Patchbay.Engine.Kernels;
using Patchbay.Engine.KvCache;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>The parts of one attention layer.</summary>
internal sealed record AttentionParts
{
    public required Linear Query { get; init; }

    public required Linear Key { get; init; }

    public required Linear Value { get; init; }

    public required Linear Output { get; init; }

    public required int HeadDim { get; init; }

    /// <summary>Norm of each query head before it is turned, if the family has one.</summary>
    public RmsNorm? QueryNorm { get; init; }

    public RmsNorm? KeyNorm { get; init; }

    public required RotaryEmbedding Rotary { get; init; }

    /// <summary>Positions that a row sees, itself included; 0 sees all before it.</summary>
    public int Window { get; init; }
}

/// <summary>
/// Multi-head attention with grouped queries (arXiv:2305.13245): project, normalise and turn heads, store keys and values in
/// the paged cache, attend, project back.
/// </summary>
/// <param name="layer">Which layer of the key/value store is its own.</param>
/// <param name="parts">Its weights and settings.</param>
internal sealed class Attention(int layer, AttentionParts parts) : ILayerOperation
{
    private readonly AttendPaged.Settings _settings = new(1f / MathF.Sqrt(parts.HeadDim), parts.Window);

    /// <summary>What it keeps per token.</summary>
    public KvShape KvShape { get; } = new(parts.Key.OutputSize / parts.HeadDim, parts.HeadDim, parts.HeadDim);

    public void Forward(ForwardBatch batch, Matrix x, Matrix y)
    {
        var queries = Heads(batch, parts.Query, parts.QueryNorm, x);
        var keys = Heads(batch, parts.Key, parts.KeyNorm, x);
        var values = parts.Value.Forward(batch, x);
        for (var i = 0; i < batch.SequenceCount; i++)
        {
            batch.Kv.Write(layer, batch.Sequences[i], keys, values);
        }

        var attended = batch.Arena.Rent(x.Rows, queries.Columns);
        AttendPaged.Run(batch.Pool, batch.Sequences, batch.SequenceCount, batch.Kv.Layer(layer), queries, attended, _settings);
        parts.Output.Forward(batch, attended, y);
    }

    private Matrix Heads(ForwardBatch batch, Linear projection, RmsNorm? norm, Matrix x)
    {
        var heads = projection.Forward(batch, x);
        norm?.Forward(batch, heads, heads);
        parts.Rotary.Forward(batch, heads, parts.HeadDim);
        return heads;
    }
}
