namespace Patchbay.Control.Releases;

/// <summary>Both arms of a running release. In memory only: after a restart the step is observed anew.</summary>
public sealed class ReleaseFigures(TimeProvider time)
{
    private readonly List<StepFigures> _ended = [];
    private readonly Lock _steps = new();

    /// <summary>The version that answered before.</summary>
    public ArmFigures Stable { get; } = new(time);

    /// <summary>The version that is tried.</summary>
    public ArmFigures Candidate { get; } = new(time);

    /// <summary>Begins the figures of a new step.</summary>
    public void BeginStep()
    {
        lock (_steps)
        {
            _ended.Add(new StepFigures(Stable.BeginStep(), Candidate.BeginStep()));
        }
    }

    /// <summary>What can be seen now.</summary>
    public ReleaseObservation Observe(ProbeOutcome probe)
    {
        lock (_steps)
        {
            var (stable, stableTotal) = Stable.Summarize();
            var (candidate, candidateTotal) = Candidate.Summarize();
            return new ReleaseObservation([.. _ended, new StepFigures(stable, candidate)], stableTotal, candidateTotal, probe);
        }
    }
}

/// <summary>What both arms did in one step.</summary>
public sealed record StepFigures(ArmSummary Stable, ArmSummary Candidate);

/// <summary>What a release can see of its arms at one moment.</summary>
/// <param name="Steps">Every step since the server started, the present one last; at least one.</param>
/// <param name="StableTotal">The stable version over all of them.</param>
/// <param name="CandidateTotal">The candidate over all of them.</param>
/// <param name="Probe">How the candidate's golden prompts went.</param>
public sealed record ReleaseObservation(IReadOnlyList<StepFigures> Steps, ArmSummary StableTotal, ArmSummary CandidateTotal, ProbeOutcome Probe)
{
    /// <summary>Nothing yet.</summary>
    public static ReleaseObservation Empty { get; } =
        new([new StepFigures(ArmSummary.Empty, ArmSummary.Empty)], ArmSummary.Empty, ArmSummary.Empty, ProbeOutcome.None);

    /// <summary>The present step.</summary>
    public StepFigures Step => Steps[^1];
}
