using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>Which experts the rows of a batch go to.</summary>
/// <param name="experts">(rows, chosen), ascending in each row.</param>
/// <param name="weights">(rows, chosen).</param>
internal readonly unsafe struct ExpertChoices(int* experts, Matrix weights)
{
    public readonly int* Experts = experts;
    public readonly Matrix Weights = weights;

    public int ChosenCount => Weights.Columns;

    /// <summary>The experts of one row.</summary>
    public ReadOnlySpan<int> Of(int row) => new(Experts + ((nint)row * ChosenCount), ChosenCount);
}

/// <summary>Sends each row to a few experts, by the scores of a linear layer.</summary>
/// <param name="projection">Hidden state to one logit per expert.</param>
/// <param name="settings">How scores become choices.</param>
/// <param name="correction">Added to the scores for choosing only: one value per expert, or null.</param>
internal sealed unsafe class Router(Linear projection, RouterSettings settings, NativeBuffer? correction = null)
{
    public int ExpertCount => projection.OutputSize;

    public ExpertChoices Forward(ForwardBatch batch, Matrix x)
    {
        var logits = projection.Forward(batch, x);
        var scratch = batch.Arena.Rent(x.Rows, ExpertCount);
        var experts = (int*)batch.Arena.RentBytes((long)x.Rows * settings.ChosenCount * sizeof(int));
        var weights = batch.Arena.Rent(x.Rows, settings.ChosenCount);
        var bias = correction is null ? null : correction.Floats;
        batch.Pool.RunRows(
            new ChooseExperts(logits, scratch, bias, experts, weights, settings), x.Rows, ExpertCount * settings.ChosenCount);
        return new ExpertChoices(experts, weights);
    }
}
