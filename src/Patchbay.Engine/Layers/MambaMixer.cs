using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Activations;
using Patchbay.Engine.Kernels.Recurrent;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>The parts of one Mamba layer.</summary>
internal sealed record MambaParts
{
    /// <summary>Hidden state to channels and their gates.</summary>
    public required Linear Input { get; init; }

    public required CausalConvolution Convolution { get; init; }

    /// <summary>Channels to the compressed step sizes, B and C.</summary>
    public required Linear Selection { get; init; }

    /// <summary>Compressed step sizes to one for each channel.</summary>
    public required Linear StepSize { get; init; }

    /// <summary>A, (states, channels), negative.</summary>
    public required NativeBuffer Decay { get; init; }

    /// <summary>D, one value per channel.</summary>
    public required NativeBuffer Skip { get; init; }

    public required Linear Output { get; init; }
}

/// <summary>
/// The selective state-space layer of Mamba (arXiv:2312.00752): project, convolve, select, scan, gate, project back. It keeps the
/// tail of the convolution and one small state per channel.
/// </summary>
/// <param name="layer">Which layer of the state store is its own.</param>
/// <param name="parts">Its weights.</param>
internal sealed unsafe class MambaMixer(int layer, MambaParts parts) : ILayerOperation
{
    private readonly int _channels = parts.Convolution.Channels;

    /// <summary>Values that such a layer keeps per sequence.</summary>
    public static int StateSize(MambaParts parts) => parts.Convolution.StateSize + (int)(parts.Decay.Length / sizeof(float));

    public void Forward(ForwardBatch batch, Matrix x, Matrix y)
    {
        var states = batch.States.Layer(layer);
        var projected = parts.Input.Forward(batch, x);
        var channels = projected.SliceColumns(0, _channels);
        parts.Convolution.Forward(batch, channels, states);

        var selected = parts.Selection.Forward(batch, channels);
        var rank = parts.StepSize.InputSize;
        var stateCount = (selected.Columns - rank) / 2;
        var steps = parts.StepSize.Forward(batch, selected.SliceColumns(0, rank));
        batch.Pool.RunRows(new StepSizes(steps, null, 0, float.PositiveInfinity), steps.Rows, steps.Columns);

        var scanned = batch.Arena.Rent(x.Rows, _channels);
        var kernel = new ScanSelective(
            channels,
            steps,
            selected.SliceColumns(rank, stateCount),
            selected.SliceColumns(rank + stateCount, stateCount),
            parts.Decay.Floats,
            parts.Skip.Floats,
            scanned,
            states.Skip(parts.Convolution.StateSize));
        var tasks = (_channels + ScanSelective.PartChannels - 1) / ScanSelective.PartChannels;
        batch.Pool.RunSequences(kernel, batch.Sequences, batch.SequenceCount, tasks);
        batch.Pool.RunRows(new GateRows<Silu>(default, scanned, projected.SliceColumns(_channels, _channels)), scanned.Rows, _channels);
        parts.Output.Forward(batch, scanned, y);
    }
}
