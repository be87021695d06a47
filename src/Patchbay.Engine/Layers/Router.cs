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
    /// <summary>Number of experts.</summary>
    /// <exception cref="InvalidDataException">The settings do not fit it.</exception>
    public int ExpertCount { get; } = Checked(projection.OutputSize, settings);

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

    private static int Checked(int count, RouterSettings settings)
    {
        var inGroup = settings.GroupCount > 0 && count % settings.GroupCount == 0 ? count / settings.GroupCount : 0;
        if (inGroup < settings.BestOfGroup && settings.GroupCount != 1)
        {
            throw new InvalidDataException(
                $"config.json: expected groups of {settings.BestOfGroup} or more experts each, found {count} experts in {settings.GroupCount} groups.");
        }

        if (settings.ChosenGroupCount < 1 || settings.ChosenGroupCount > settings.GroupCount)
        {
            throw new InvalidDataException(
                $"config.json: expected 1 to {settings.GroupCount} groups for each token, found {settings.ChosenGroupCount}.");
        }

        return settings.ChosenCount >= 1 && settings.ChosenCount <= count
            ? count
            : throw new InvalidDataException($"config.json: expected 1 to {count} experts for each token, found {settings.ChosenCount}.");
    }
}
