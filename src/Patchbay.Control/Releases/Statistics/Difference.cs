namespace Patchbay.Control.Releases.Statistics;

/// <summary>How much the candidate's mean exceeds the stable version's.</summary>
/// <param name="Stable">The stable version's values.</param>
/// <param name="Candidate">The candidate's values.</param>
/// <param name="Value">The estimate.</param>
/// <param name="Low">The lower end of an interval that holds the truth at every moment, with 95 %.</param>
/// <param name="High">Its upper end.</param>
/// <param name="PValue">How well the data agrees with no difference; valid at any time.</param>
public readonly record struct Difference(Moments Stable, Moments Candidate, double Value, double Low, double High, double PValue)
{
    /// <summary>Whether there is a difference, at 5 % for the whole life of the test.</summary>
    public bool IsSignificant => PValue <= SequentialDifference.Alpha;
}
