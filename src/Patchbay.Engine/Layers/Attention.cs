using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Activations;
using Patchbay.Engine.KvCache;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>The parts of one attention layer.</summary>
internal sealed record AttentionParts
{
    public required IProjection Projection { get; init; }

    public required Linear Output { get; init; }

    public required int HeadDim { get; init; }

    /// <summary>Largest magnitude of queries, keys and values as they are projected; 0 sets no limit.</summary>
    public float ProjectionLimit { get; init; }

    /// <summary>Norm of the queries, of each head or of all together, if the family has one.</summary>
    public INorm? QueryNorm { get; init; }

    public INorm? KeyNorm { get; init; }

    /// <summary>Whether the norms come after the rotation instead of before it.</summary>
    public bool NormsFollowRotation { get; init; }

    /// <summary>Null in layers that know no positions, or know them by <see cref="Slopes"/>.</summary>
    public RotaryEmbedding? Rotary { get; init; }

    /// <summary>Positions that a row sees, itself included; 0 sees all before it.</summary>
    public int Window { get; init; }

    /// <summary>Factor of the scores; null is 1/√headDim.</summary>
    public float? Scale { get; init; }

    /// <summary>c of scores that become c·tanh(score / c); 0 leaves them.</summary>
    public float SoftCap { get; init; }

    /// <summary>ALiBi (arXiv:2108.12409): what is taken from the scores of each query head per position of distance.</summary>
    public NativeBuffer? Slopes { get; init; }

    /// <summary>One score per query head that joins the softmax without a value.</summary>
    public NativeBuffer? Sinks { get; init; }
}

/// <summary>
/// Multi-head attention with grouped queries (arXiv:2305.13245): project, normalise and turn heads, store keys and values in
/// the paged cache, attend, project back.
/// </summary>
/// <param name="layer">Which layer of the key/value store is its own.</param>
/// <param name="parts">Its weights and settings.</param>
internal sealed class Attention(int layer, AttentionParts parts) : ILayerOperation
{
    private readonly AttendPaged.Settings _settings = new(
        parts.Scale ?? 1f / MathF.Sqrt(parts.HeadDim), parts.Window, parts.SoftCap, AddressOf(parts.Slopes), AddressOf(parts.Sinks));

    /// <summary>What it keeps per token.</summary>
    public KvShape KvShape { get; } = new(parts.Projection.KeySize / parts.HeadDim, parts.HeadDim, parts.HeadDim);

    public void Forward(ForwardBatch batch, Matrix x, Matrix y)
    {
        var heads = parts.Projection.Forward(batch, x);
        Limit(batch, heads);
        Turn(batch, parts.QueryNorm, heads.Queries);
        Turn(batch, parts.KeyNorm, heads.Keys);
        for (var i = 0; i < batch.SequenceCount; i++)
        {
            batch.Kv.Write(batch.Pool, layer, batch.Sequences[i], heads.Keys, heads.Values);
        }

        var attended = batch.Arena.Rent(x.Rows, heads.Queries.Columns);
        AttendPaged.Run(batch.Pool, batch.Sequences, batch.SequenceCount, batch.Kv.Layer(layer), heads.Queries, attended, _settings);
        if (heads.OutputGates.Rows > 0)
        {
            batch.Pool.RunRows(new GateRows<Logistic>(default, attended, heads.OutputGates), attended.Rows, attended.Columns);
        }

        parts.Output.Forward(batch, attended, y);
    }

    private static unsafe nint AddressOf(NativeBuffer? perHead) => perHead is null ? 0 : (nint)perHead.Data;

    private void Limit(ForwardBatch batch, ProjectedHeads heads)
    {
        if (parts.ProjectionLimit == 0)
        {
            return;
        }

        batch.Pool.RunRows(new Clamp(heads.Queries, parts.ProjectionLimit), heads.Queries.Rows, heads.Queries.Columns);
        batch.Pool.RunRows(new Clamp(heads.Keys, parts.ProjectionLimit), heads.Keys.Rows, heads.Keys.Columns);
        batch.Pool.RunRows(new Clamp(heads.Values, parts.ProjectionLimit), heads.Values.Rows, heads.Values.Columns);
    }

    private void Turn(ForwardBatch batch, INorm? norm, Matrix heads)
    {
        if (!parts.NormsFollowRotation)
        {
            norm?.Forward(batch, heads, heads);
        }

        parts.Rotary?.Forward(batch, heads, parts.HeadDim);
        if (parts.NormsFollowRotation)
        {
            norm?.Forward(batch, heads, heads);
        }
    }
}
