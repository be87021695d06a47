using Patchbay.Control.Releases;
using Patchbay.Control.Releases.Statistics;

namespace Patchbay.Control.Tests.Releases;

public sealed class GuardReadingTests
{
    [Fact]
    public void Ratio_Read_ComparesWithTheStableVersionAndUsesItsPastWhenItHasNoTraffic()
    {
        var guard = new ReleaseGuard(GuardMetric.TtftP95Ratio, Max: 1.2, MinSamples: 10);
        var stable = Timed(0.1, 100);
        Assert.Equal(GuardStatus.Ok, Read(guard, stable, Timed(0.11, 10)).Status);
        Assert.Equal(GuardStatus.Failing, Read(guard, stable, Timed(0.13, 10)).Status);
        Assert.Equal(GuardStatus.Waiting, Read(guard, stable, Timed(0.13, 9)).Status);
        var last = new ReleaseObservation([new StepFigures(ArmSummary.Empty, Timed(0.13, 50))], stable, Timed(0.13, 50), ProbeOutcome.None);
        Assert.Equal(GuardStatus.Failing, GuardReading.Read(guard, last, 0).Status);
        Assert.Equal(GuardStatus.Waiting, Read(guard, ArmSummary.Empty, Timed(0.13, 50)).Status);
    }

    [Fact]
    public void Length_Read_HasBothLimits()
    {
        var guard = new ReleaseGuard(GuardMetric.LengthRatio, Max: 2, Min: 0.5, MinSamples: 10);
        Assert.Equal(GuardStatus.Ok, Read(guard, Long(20), Long(30)).Status);
        Assert.Contains("less than 0.5", Read(guard, Long(20), Long(9)).Sentence, StringComparison.Ordinal);
        Assert.Contains("more than 2", Read(guard, Long(20), Long(41)).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Judges_Read_WaitForEachAndFollowTheLowest()
    {
        var guard = new ReleaseGuard(GuardMetric.JudgeScore, Min: 0.8, MinSamples: 5);
        Assert.Equal((GuardStatus.Waiting, null), (GuardReading.Read(guard, ReleaseObservation.Empty, 2).Status, GuardReading.Read(guard, ReleaseObservation.Empty, 2).Value));
        var candidate = Judged(("good", 0.95, 50), ("bad", 0.4, 5));
        Assert.Equal(GuardStatus.Waiting, Read(guard, ArmSummary.Empty, candidate, judges: 3).Status);
        var reading = Read(guard, ArmSummary.Empty, candidate, judges: 2);
        Assert.Equal((GuardStatus.Failing, 0.4, 5), (reading.Status, reading.Value!.Value, reading.Samples));
        Assert.Contains("'bad'", reading.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Probe_Read_IsTheProbesOutcome()
    {
        var guard = new ReleaseGuard(GuardMetric.Probe);
        Assert.Equal(GuardStatus.Ok, GuardReading.Read(guard, ReleaseObservation.Empty, 0).Status);
        Assert.Equal(GuardStatus.Ok, GuardReading.Read(guard, ReleaseObservation.Empty with { Probe = ProbeOutcome.Passed }, 0).Status);
        Assert.Equal(GuardStatus.Failing, GuardReading.Read(guard, ReleaseObservation.Empty with { Probe = ProbeOutcome.Failed }, 0).Status);
    }

    [Fact]
    public void GuardWithoutLimit_Read_FailsOnlyOnProof()
    {
        var guard = new ReleaseGuard(GuardMetric.ErrorRate);
        Assert.Equal(GuardStatus.Waiting, GuardReading.Read(guard, ReleaseStepTests.Arms(candidate: 10, errors: 3), 0).Status);
        Assert.Equal(GuardStatus.Ok, GuardReading.Read(guard, ReleaseStepTests.Arms(1_000, 20, 100, 3), 0).Status);
        var reading = GuardReading.Read(guard, ReleaseStepTests.Arms(1_000, 20, 300, 45), 0);
        Assert.Equal(GuardStatus.Failing, reading.Status);
        Assert.StartsWith("The candidate has 13 points more errors: between", reading.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Comparisons_OfAFewAnswers_SayThatTheyAreTooFew()
    {
        var comparisons = ReleaseComparison.All(ReleaseStepTests.Arms(10, 0, 3));
        Assert.Equal(["error_rate", "refusals", "ttft_ms", "tpot_ms", "tokens", "feedback"], comparisons.Select(comparison => comparison.Metric));
        Assert.All(comparisons, comparison => Assert.Equal(("too_few", null, null), (comparison.Verdict, comparison.Difference, comparison.Low)));
    }

    [Fact]
    public void Comparison_WithoutDifference_SaysBetweenWhat()
    {
        var errors = ReleaseComparison.All(ReleaseStepTests.Arms(5_000, 100, 5_000, 105))[0];
        Assert.False(errors.IsSignificant);
        Assert.InRange(errors.Difference!.Value, 0.0009, 0.0011);
        Assert.Matches(@"^No difference in errors so far: between -0\.\d+ and \+\d(\.\d+)? points \(95 %, may be looked at any time\)\.$", errors.Sentence);
    }

    private static GuardReading Read(ReleaseGuard guard, ArmSummary stable, ArmSummary candidate, int judges = 0) =>
        GuardReading.Read(guard, new ReleaseObservation([new StepFigures(stable, candidate)], stable, candidate, ProbeOutcome.None), judges);

    private static ArmSummary Timed(double seconds, int count) => ArmSummary.Empty with
    {
        TimeToFirstToken = new Percentiles(seconds, seconds),
        FirstTokenMoments = new Moments(count, seconds * count, seconds * seconds * count),
    };

    private static ArmSummary Long(double tokens) => ArmSummary.Empty with { LengthMoments = new Moments(10, tokens * 10, tokens * tokens * 10) };

    private static ArmSummary Judged(params (string Name, double Mean, long Count)[] judges) =>
        ArmSummary.Empty with { Judges = [.. judges.Select(judge => new JudgeFigures(judge.Name, new ScoreFigures(judge.Count, judge.Mean, 0, 1), 0))] };
}
