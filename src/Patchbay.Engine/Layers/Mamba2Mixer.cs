using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Activations;
using Patchbay.Engine.Kernels.Recurrent;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>The parts of one Mamba 2 layer.</summary>
internal sealed record Mamba2Parts
{
    /// <summary>Hidden state to gates, channels, B, C and step sizes, in this order.</summary>
    public required Linear Input { get; init; }

    /// <summary>One factor for each output of <see cref="Input"/>, or null.</summary>
    public NativeBuffer? InputFactors { get; init; }

    /// <summary>Over channels, B and C.</summary>
    public required CausalConvolution Convolution { get; init; }

    public required int Heads { get; init; }

    public required int HeadDim { get; init; }

    /// <summary>Groups of heads that share B and C.</summary>
    public required int Groups { get; init; }

    /// <summary>Values of B and C in each group.</summary>
    public required int StateDim { get; init; }

    /// <summary>Added to the step size of each head before it is made positive.</summary>
    public required NativeBuffer StepBias { get; init; }

    public required (float Least, float Most) StepLimits { get; init; }

    /// <summary>A, one value per head, negative.</summary>
    public required NativeBuffer Decay { get; init; }

    /// <summary>D, one value per head.</summary>
    public required NativeBuffer Skip { get; init; }

    /// <summary>Norm of the channels, if the family has one.</summary>
    public INorm? Norm { get; init; }

    /// <summary>Whether channels are gated before they are normalised, or after.</summary>
    public bool IsGatedFirst { get; init; } = true;

    public required Linear Output { get; init; }
}

/// <summary>
/// The state-space layer of Mamba 2 (arXiv:2405.21060): project, convolve, scan by heads, gate and normalise, project back. It
/// keeps the tail of the convolution and a matrix per head.
/// </summary>
/// <param name="layer">Which layer of the state store is its own.</param>
/// <param name="parts">Its weights and settings.</param>
internal sealed unsafe class Mamba2Mixer(int layer, Mamba2Parts parts) : ILayerOperation
{
    private readonly int _channels = parts.Heads * parts.HeadDim;
    private readonly int _shared = parts.Groups * parts.StateDim;

    /// <summary>Values that such a layer keeps per sequence.</summary>
    public static int StateSize(Mamba2Parts parts) =>
        parts.Convolution.StateSize + (parts.Heads * parts.HeadDim * parts.StateDim);

    public void Forward(ForwardBatch batch, Matrix x, Matrix y)
    {
        var states = batch.States.Layer(layer);
        var projected = parts.Input.Forward(batch, x);
        if (parts.InputFactors is { } factors)
        {
            batch.Pool.RunRows(new ScaleColumns(projected, factors.Floats), projected.Rows, projected.Columns);
        }

        var gates = projected.SliceColumns(0, _channels);
        var mixed = projected.SliceColumns(_channels, parts.Convolution.Channels);
        var steps = projected.SliceColumns(_channels + mixed.Columns, parts.Heads);
        parts.Convolution.Forward(batch, mixed, states);
        batch.Pool.RunRows(
            new StepSizes(steps, parts.StepBias.Floats, parts.StepLimits.Least, parts.StepLimits.Most), steps.Rows, steps.Columns);

        var scanned = batch.Arena.Rent(x.Rows, _channels);
        var kernel = new ScanHeads(
            mixed.SliceColumns(0, _channels),
            steps,
            mixed.SliceColumns(_channels, _shared),
            mixed.SliceColumns(_channels + _shared, _shared),
            parts.Decay.Floats,
            parts.Skip.Floats,
            scanned,
            parts.Groups,
            states.Skip(parts.Convolution.StateSize));
        batch.Pool.RunSequences(kernel, batch.Sequences, batch.SequenceCount, parts.Heads);
        GateAndNormalise(batch, scanned, gates);
        parts.Output.Forward(batch, scanned, y);
    }

    private void GateAndNormalise(ForwardBatch batch, Matrix scanned, Matrix gates)
    {
        if (!parts.IsGatedFirst)
        {
            parts.Norm?.Forward(batch, scanned, scanned);
        }

        batch.Pool.RunRows(new GateRows<Silu>(default, scanned, gates), scanned.Rows, scanned.Columns);
        if (parts.IsGatedFirst)
        {
            parts.Norm?.Forward(batch, scanned, scanned);
        }
    }
}
