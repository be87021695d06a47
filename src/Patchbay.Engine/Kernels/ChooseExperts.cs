using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>What a router's logits are turned into before it chooses.</summary>
internal enum RouterScore
{
    /// <summary>Softmax over all experts.</summary>
    Softmax,

    /// <summary>Each logit's sigmoid by itself.</summary>
    Sigmoid,

    /// <summary>Softmax over the chosen experts only.</summary>
    SoftmaxOfChosen,
}

/// <summary>How a router chooses experts and weighs them.</summary>
internal sealed record RouterSettings
{
    /// <summary>Experts that each token goes to.</summary>
    public required int ChosenCount { get; init; }

    public required RouterScore Score { get; init; }

    /// <summary>Groups of neighbouring experts of which some are left out before experts are chosen; 1 leaves none out.</summary>
    public int GroupCount { get; init; } = 1;

    public int ChosenGroupCount { get; init; } = 1;

    /// <summary>A group's score is the sum of this many of its best scores.</summary>
    public int BestOfGroup { get; init; } = 1;

    /// <summary>Whether the weights of the chosen experts are divided by their sum.</summary>
    public bool Normalise { get; init; }

    /// <summary>The least that weights are divided by.</summary>
    public float LeastSum { get; init; }

    /// <summary>Factor of the weights.</summary>
    public float Scale { get; init; } = 1;
}

/// <summary>
/// Chooses the experts of each row: scores from logits, groups by their best scores (arXiv:2405.04434 §2.2.2, arXiv:2412.19437
/// §2.1.2), the best experts of these groups, of equal ones the first. A correction bias takes part in choosing, not in
/// weighing. Choices are written in ascending order of experts, so that their results are added in an order of the row's own.
/// </summary>
/// <param name="logits">(rows, experts); overwritten with scores.</param>
/// <param name="choice">(rows, experts), scratch.</param>
/// <param name="bias">One value per expert, or null.</param>
/// <param name="experts">(rows, chosen) expert numbers.</param>
/// <param name="weights">(rows, chosen).</param>
internal readonly unsafe struct ChooseExperts(
    Matrix logits, Matrix choice, float* bias, int* experts, Matrix weights, RouterSettings settings) : IRowKernel
{
    private readonly Matrix _logits = logits;
    private readonly Matrix _choice = choice;
    private readonly Matrix _weights = weights;
    private readonly float* _bias = bias;
    private readonly int* _experts = experts;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var scores = _logits.RowSpan(row);
        Score(scores);
        var choice = _choice.RowSpan(row);
        scores.CopyTo(choice);
        for (var i = 0; _bias is not null && i < choice.Length; i++)
        {
            choice[i] += _bias[i];
        }

        if (settings.GroupCount > 1)
        {
            LeaveOutGroups(choice);
        }

        var chosen = new Span<int>(_experts + ((nint)row * settings.ChosenCount), settings.ChosenCount);
        for (var i = 0; i < chosen.Length; i++)
        {
            chosen[i] = Largest(choice);
            choice[chosen[i]] = float.NegativeInfinity;
        }

        chosen.Sort();
        Weigh(scores, chosen, _weights.RowSpan(row));
    }

    private static int Largest(ReadOnlySpan<float> values)
    {
        var largest = 0;
        for (var i = 1; i < values.Length; i++)
        {
            largest = values[i] > values[largest] ? i : largest;
        }

        return largest;
    }

    private static void Softmax(Span<float> values)
    {
        var max = values[Largest(values)];
        var sum = 0f;
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = MathF.Exp(values[i] - max);
            sum += values[i];
        }

        for (var i = 0; i < values.Length; i++)
        {
            values[i] /= sum;
        }
    }

    private void Score(Span<float> scores)
    {
        if (settings.Score == RouterScore.Softmax)
        {
            Softmax(scores);
        }

        for (var i = 0; settings.Score == RouterScore.Sigmoid && i < scores.Length; i++)
        {
            scores[i] = 1 / (1 + MathF.Exp(-scores[i]));
        }
    }

    /// <summary>Scores of the groups that are left out become 0, which is how transformers keeps them from being chosen.</summary>
    private void LeaveOutGroups(Span<float> choice)
    {
        var size = choice.Length / settings.GroupCount;
        Span<float> groups = stackalloc float[settings.GroupCount];
        Span<float> best = stackalloc float[size];
        for (var group = 0; group < groups.Length; group++)
        {
            choice.Slice(group * size, size).CopyTo(best);
            groups[group] = 0;
            for (var i = 0; i < settings.BestOfGroup; i++)
            {
                var largest = Largest(best);
                groups[group] += best[largest];
                best[largest] = float.NegativeInfinity;
            }
        }

        Span<bool> kept = stackalloc bool[groups.Length];
        for (var i = 0; i < settings.ChosenGroupCount; i++)
        {
            var largest = Largest(groups);
            kept[largest] = true;
            groups[largest] = float.NegativeInfinity;
        }

        for (var group = 0; group < groups.Length; group++)
        {
            if (!kept[group])
            {
                choice.Slice(group * size, size).Clear();
            }
        }
    }

    private void Weigh(ReadOnlySpan<float> scores, ReadOnlySpan<int> chosen, Span<float> weights)
    {
        var sum = 0f;
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = scores[chosen[i]];
            sum += weights[i];
        }

        if (settings.Score == RouterScore.SoftmaxOfChosen)
        {
            Softmax(weights);
        }

        var divisor = settings.Normalise ? MathF.Max(sum, settings.LeastSum) : 1;
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = weights[i] / divisor * settings.Scale;
        }
    }
}
