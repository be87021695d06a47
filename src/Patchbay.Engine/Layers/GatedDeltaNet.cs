using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Activations;
using Patchbay.Engine.Kernels.Recurrent;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>The parts of one gated delta net.</summary>
internal sealed record GatedDeltaParts
{
    /// <summary>Hidden state to queries, keys, values and output gates, for one key head after the other.</summary>
    public required Linear Input { get; init; }

    /// <summary>Hidden state to update rates and step sizes, for one key head after the other.</summary>
    public required Linear Rates { get; init; }

    /// <summary>Over queries, keys and values.</summary>
    public required CausalConvolution Convolution { get; init; }

    public required int KeyHeads { get; init; }

    public required int KeyDim { get; init; }

    /// <summary>Heads of values, a multiple of <see cref="KeyHeads"/>.</summary>
    public required int ValueHeads { get; init; }

    public required int ValueDim { get; init; }

    /// <summary>Added to the step size of each value head before it is made positive.</summary>
    public required NativeBuffer StepBias { get; init; }

    /// <summary>One value per value head, negative.</summary>
    public required NativeBuffer Decay { get; init; }

    /// <summary>Norm of each value head.</summary>
    public required INorm Norm { get; init; }

    public required Linear Output { get; init; }
}

/// <summary>
/// The gated delta net (arXiv:2412.06464) as Qwen3-Next builds it: project, convolve, update a matrix per head by the delta rule,
/// normalise, gate, project back. It keeps the tail of the convolution and the matrices.
/// </summary>
/// <param name="layer">Which layer of the state store is its own.</param>
/// <param name="parts">Its weights and settings.</param>
internal sealed unsafe class GatedDeltaNet(int layer, GatedDeltaParts parts) : ILayerOperation
{
    private const float LengthEpsilon = 1e-6f;
    private readonly LinearGroup _inputs = new(parts.Input, parts.Rates);
    private readonly int _keys = parts.KeyHeads * parts.KeyDim;
    private readonly int _values = parts.ValueHeads * parts.ValueDim;

    /// <summary>Values that such a layer keeps per sequence.</summary>
    public static int StateSize(GatedDeltaParts parts) =>
        parts.Convolution.StateSize + (parts.ValueHeads * parts.KeyDim * parts.ValueDim);

    public void Forward(ForwardBatch batch, Matrix x, Matrix y)
    {
        var states = batch.States.Layer(layer);
        var inputs = _inputs.Forward(batch, x);
        var (mixed, gates) = Split(batch, inputs[0]);
        parts.Convolution.Forward(batch, mixed, states);
        var queries = mixed.SliceColumns(0, _keys);
        var keys = mixed.SliceColumns(_keys, _keys);
        var scale = 1 / MathF.Sqrt(parts.KeyDim);
        batch.Pool.RunRows(new UnitLength(queries, parts.KeyDim, LengthEpsilon, scale), x.Rows, _keys);
        batch.Pool.RunRows(new UnitLength(keys, parts.KeyDim, LengthEpsilon, 1), x.Rows, _keys);

        var (rates, decays) = RatesAndDecays(batch, inputs[1]);
        var updated = batch.Arena.Rent(x.Rows, _values);
        var kernel = new GatedDelta(
            queries,
            keys,
            mixed.SliceColumns(2 * _keys, _values),
            decays,
            rates,
            updated,
            parts.KeyDim,
            states.Skip(parts.Convolution.StateSize));
        batch.Pool.RunSequences(kernel, batch.Sequences, batch.SequenceCount, parts.ValueHeads);
        parts.Norm.Forward(batch, updated, updated);
        batch.Pool.RunRows(new GateRows<Silu>(default, updated, gates), x.Rows, _values);
        parts.Output.Forward(batch, updated, y);
    }

    /// <summary>Queries, keys and values of all heads, one kind after the other, and the output gates.</summary>
    private (Matrix Mixed, Matrix Gates) Split(ForwardBatch batch, Matrix projected)
    {
        var mixed = batch.Arena.Rent(projected.Rows, (2 * _keys) + _values);
        var gates = batch.Arena.Rent(projected.Rows, _values);
        var valueOffset = 2 * parts.KeyDim;
        Copy(projected, mixed.SliceColumns(0, _keys), 0);
        Copy(projected, mixed.SliceColumns(_keys, _keys), parts.KeyDim);
        Copy(projected, mixed.SliceColumns(2 * _keys, _values), valueOffset);
        Copy(projected, gates, valueOffset + (_values / parts.KeyHeads));
        return (mixed, gates);

        void Copy(Matrix source, Matrix target, int offset) =>
            batch.Pool.RunRows(new CopyGroups(source, target, parts.KeyHeads, offset), source.Rows, target.Columns);
    }

    /// <summary>β = σ(b) and α = exp(A·Δ) with Δ = ln(1 + e^(a + bias)), one of each per value head.</summary>
    private (Matrix Rates, Matrix Decays) RatesAndDecays(ForwardBatch batch, Matrix projected)
    {
        var heads = parts.ValueHeads;
        var rates = batch.Arena.Rent(projected.Rows, heads);
        var decays = batch.Arena.Rent(projected.Rows, heads);
        batch.Pool.RunRows(new CopyGroups(projected, rates, parts.KeyHeads, 0), projected.Rows, heads);
        batch.Pool.RunRows(new CopyGroups(projected, decays, parts.KeyHeads, heads / parts.KeyHeads), projected.Rows, heads);
        batch.Pool.RunRows(new Activate<Logistic>(default, rates), projected.Rows, heads);
        batch.Pool.RunRows(new StepSizes(decays, parts.StepBias.Floats, 0, float.PositiveInfinity), projected.Rows, heads);
        batch.Pool.RunRows(new ScaleColumns(decays, parts.Decay.Floats), projected.Rows, heads);
        batch.Pool.RunRows(new Activate<Exponential>(default, decays), projected.Rows, heads);
        return (rates, decays);
    }
}
