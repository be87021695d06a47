namespace Patchbay.Control.Releases.Statistics;

/// <summary>
/// The mean of scores in [0, 1] with an interval that holds at every moment at once, whatever their distribution and however
/// few they are: the predictable plug-in empirical-Bernstein confidence sequence of Waudby-Smith and Ramdas
/// (arXiv:2010.09686, theorem 2). Not safe for several threads.
/// </summary>
/// <param name="alpha">How often the interval may miss the truth, ever.</param>
public sealed class BoundedMean(double alpha = 0.025)
{
    private const double MaxBet = 0.5;

    private readonly double _logTerm = Math.Log(2 / alpha);
    private double _sum, _deviations, _bets, _weightedSum, _penalty;

    /// <summary>How many scores there are.</summary>
    public long Count { get; private set; }

    /// <summary>Their mean; 0 without one.</summary>
    public double Mean => Count == 0 ? 0 : _sum / Count;

    /// <summary>The interval that holds the true mean; [0, 1] before the first score.</summary>
    public (double Low, double High) Interval
    {
        get
        {
            if (Count == 0)
            {
                return (0, 1);
            }
            var center = _weightedSum / _bets;
            var half = (_logTerm + _penalty) / _bets;
            return (Math.Max(0, center - half), Math.Min(1, center + half));
        }
    }

    /// <summary>Adds a score.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not in [0, 1].</exception>
    public void Add(double score)
    {
        if (!(score is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(score), score, "A score must be between 0 and 1.");
        }
        // The bet of each score comes from those before it alone; that is what keeps the interval valid at any time.
        var before = (0.5 + _sum) / (Count + 1);
        var variance = (0.25 + _deviations) / (Count + 1);
        Count++;
        var bet = Math.Min(MaxBet, Math.Sqrt(2 * _logTerm / (variance * Count * Math.Log(1 + Count))));
        _penalty += 4 * (score - before) * (score - before) * ((-Math.Log(1 - bet) - bet) / 4);
        _bets += bet;
        _weightedSum += bet * score;
        _sum += score;
        var mean = (0.5 + _sum) / (Count + 1);
        _deviations += (score - mean) * (score - mean);
    }
}
