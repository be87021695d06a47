using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Activations;
using Patchbay.Engine.Kernels.Recurrent;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>The parts of one lightning attention layer.</summary>
internal sealed record LightningParts
{
    /// <summary>Hidden state to query, key and value of one head after the other.</summary>
    public required Linear Projection { get; init; }

    public required int Heads { get; init; }

    public required int HeadDim { get; init; }

    /// <summary>Positions that are computed together in training, which the decays are stored for.</summary>
    public required int BlockSize { get; init; }

    /// <summary>(heads, block): of the state before a block, by position.</summary>
    public required NativeBuffer QueryDecays { get; init; }

    /// <summary>(heads, block): of a key until the end of the block, by position.</summary>
    public required NativeBuffer KeyDecays { get; init; }

    /// <summary>(heads, block): by distance of two positions.</summary>
    public required NativeBuffer DistanceDecays { get; init; }

    /// <summary>One value per head: of the state over a block.</summary>
    public required NativeBuffer BlockDecays { get; init; }

    /// <summary>Norm of all heads together.</summary>
    public required INorm Norm { get; init; }

    /// <summary>Hidden state to the gate of the result.</summary>
    public required Linear Gate { get; init; }

    public required Linear Output { get; init; }
}

/// <summary>
/// Lightning attention (arXiv:2501.08313): project and activate, attend without softmax, normalise, gate, project back. It keeps
/// a matrix per head, and the keys and values of the block that is not full yet.
/// </summary>
/// <param name="layer">Which layer of the state store is its own.</param>
/// <param name="parts">Its weights and settings.</param>
internal sealed unsafe class LightningAttention(int layer, LightningParts parts) : ILayerOperation
{
    private readonly LightningDecays _decays = new(
        (nint)parts.QueryDecays.Data, (nint)parts.KeyDecays.Data, (nint)parts.DistanceDecays.Data, (nint)parts.BlockDecays.Data);

    /// <summary>Values that such a layer keeps per sequence.</summary>
    public static int StateSize(LightningParts parts) => parts.Heads * LightningBlocks.StateSize(parts.HeadDim, parts.BlockSize);

    public void Forward(ForwardBatch batch, Matrix x, Matrix y)
    {
        var heads = parts.Projection.Forward(batch, x);
        batch.Pool.RunRows(new Activate<Silu>(default, heads), heads.Rows, heads.Columns);
        var attended = batch.Arena.Rent(x.Rows, parts.Heads * parts.HeadDim);
        var kernel = new LightningBlocks(heads, attended, parts.HeadDim, parts.BlockSize, _decays, batch.States.Layer(layer));
        batch.Pool.RunSequences(kernel, batch.Sequences, batch.SequenceCount, parts.Heads);
        parts.Norm.Forward(batch, attended, attended);
        batch.Pool.RunRows(new GateRows<Logistic>(default, attended, parts.Gate.Forward(batch, x)), attended.Rows, attended.Columns);
        parts.Output.Forward(batch, attended, y);
    }
}
