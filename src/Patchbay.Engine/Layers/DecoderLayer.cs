using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>One residual branch: h += scale · outputNorm(operation(norm(h))), in few families h = a · norm(h) + scale · ….</summary>
/// <param name="Norm">What the operation reads h through; null where it reads h itself.</param>
/// <param name="Operation">Attention, a feed-forward network, …</param>
internal sealed record ResidualBranch(INorm? Norm, ILayerOperation Operation)
{
    /// <summary>Norm of what the operation gives, if the family has one.</summary>
    public INorm? OutputNorm { get; init; }

    public float Scale { get; init; } = 1;

    /// <summary>
    /// Where h becomes what the operation has read instead of staying as it is: its factor before the result is added. Not for
    /// branches side by side.
    /// </summary>
    public float? NormalisedScale { get; init; }

    /// <summary>
    /// Whether it reads the same h as the branch before it, to which that one has not been added yet. If both have the same
    /// <see cref="Norm"/>, it is computed once.
    /// </summary>
    public bool IsParallel { get; init; }
}

/// <summary>A decoder layer: residual branches, one after the other or side by side.</summary>
internal sealed class DecoderLayer(IReadOnlyList<ResidualBranch> branches)
{
    /// <summary>Changes the hidden state (rows, hidden) in place.</summary>
    public void Forward(ForwardBatch batch, Matrix hidden)
    {
        for (var first = 0; first < branches.Count;)
        {
            var end = first + 1;
            while (end < branches.Count && branches[end].IsParallel)
            {
                end++;
            }

            var mark = batch.Arena.Save();
            Add(batch, hidden, first, end);
            batch.Arena.Release(mark);
            first = end;
        }
    }

    // Branches [first, end) read the same hidden state.
    private void Add(ForwardBatch batch, Matrix hidden, int first, int end)
    {
        var x = hidden;
        var results = batch.Arena.Rent((end - first) * hidden.Rows, hidden.Columns);
        for (var i = first; i < end; i++)
        {
            var branch = branches[i];
            if (i == first || branch.Norm != branches[i - 1].Norm)
            {
                x = Normalise(batch, branch.Norm, hidden);
            }

            var y = results.Slice((i - first) * hidden.Rows, hidden.Rows);
            var mark = batch.Arena.Save();
            branch.Operation.Forward(batch, x, y);
            batch.Arena.Release(mark);
            branch.OutputNorm?.Forward(batch, y, y);
        }

        if (branches[first].NormalisedScale is { } scale)
        {
            batch.Pool.RunRows(new ScaleRows(x, scale), x.Rows, x.Columns);
            x.CopyTo(hidden);
        }

        for (var i = first; i < end; i++)
        {
            var y = results.Slice((i - first) * hidden.Rows, hidden.Rows);
            batch.Pool.RunRows(new AddScaled(y, hidden, branches[i].Scale), hidden.Rows, hidden.Columns);
        }
    }

    private static Matrix Normalise(ForwardBatch batch, INorm? norm, Matrix hidden)
    {
        if (norm is null)
        {
            return hidden;
        }

        var x = batch.Arena.Rent(hidden.Rows, hidden.Columns);
        norm.Forward(batch, hidden, x);
        return x;
    }
}
