namespace Patchbay.Control.Releases.Statistics;

/// <summary>Count, sum and sum of squares: all that a mean and its variance need, and what can be added up over arms and steps.</summary>
public readonly record struct Moments(long Count, double Sum, double SumOfSquares)
{
    /// <summary>The mean, or 0 without a value.</summary>
    public double Mean => Count == 0 ? 0 : Sum / Count;

    /// <summary>The sum of squared distances from the mean.</summary>
    public double SumOfDeviations => Count == 0 ? 0 : Math.Max(0, SumOfSquares - Sum * Sum / Count);

    /// <summary>With one value more.</summary>
    public Moments With(double value) => new(Count + 1, Sum + value, SumOfSquares + value * value);

    /// <summary>Both together.</summary>
    public static Moments operator +(Moments left, Moments right) =>
        new(left.Count + right.Count, left.Sum + right.Sum, left.SumOfSquares + right.SumOfSquares);

    /// <summary>Both together.</summary>
    public static Moments Add(Moments left, Moments right) => left + right;

    /// <summary>Of values that are 0 or 1.</summary>
    public static Moments OfProportion(long count, long ones) => new(count, ones, ones);
}

/// <summary>What two arms did while their weights stayed the same.</summary>
public readonly record struct Stratum(Moments Stable, Moments Candidate);
