using System.Globalization;
using Patchbay.Control.Routing;

namespace Patchbay.Control.Releases;

/// <summary>What is true of the alias and the candidate when a release is to start.</summary>
/// <param name="Stable">The alias's version; null where there is no such alias.</param>
/// <param name="Candidate">The version that the candidate's digits stand for; null where there is none, or several.</param>
/// <param name="Probe">How the candidate's golden prompts went.</param>
/// <param name="RunningRelease">The release that runs on the alias; null where none does.</param>
/// <param name="RouteKind">The kind of plan the alias has, where it is not fixed to the alias's version.</param>
/// <param name="FindJudgeProblem">Says what is wrong with a judge, as a field of it and a sentence; null where nothing is.</param>
public sealed record ReleaseSurroundings(
    VersionDigest? Stable, VersionDigest? Candidate, ProbeOutcome Probe, string? RunningRelease, string? RouteKind, Func<ReleaseJudge, FieldProblem?> FindJudgeProblem);

/// <summary>Starts releases: says everything that is wrong with one, at once, or makes its first state.</summary>
public static class ReleaseStart
{
    private const int MaxSteps = 20, MaxGuards = 16, MaxJudges = 8;

    /// <summary>Every problem; none means that it can begin.</summary>
    public static IReadOnlyList<FieldProblem> Validate(ReleaseSpec spec, ReleaseSurroundings surroundings)
    {
        var problems = new List<FieldProblem>();
        ValidateVersions(spec, surroundings, problems);
        ValidateSteps(spec, problems);
        for (var i = 0; i < Math.Min(MaxGuards, spec.Guards?.Count ?? 0); i++)
        {
            ValidateGuard(spec.Guards![i], spec, string.Create(CultureInfo.InvariantCulture, $"guards[{i}]"), problems);
        }
        CheckCount(spec.Guards?.Count ?? 0, 0, MaxGuards, "guards", problems);
        CheckCount(spec.Judges?.Count ?? 0, 0, MaxJudges, "judges", problems);
        ValidateJudges(spec.Judges ?? [], surroundings, problems);
        return problems;
    }

    /// <summary>The first state of a release that has no problem.</summary>
    public static Release Begin(ReleaseSpec spec, ReleaseSurroundings surroundings, string id, string actor, DateTimeOffset now)
    {
        var release = new Release
        {
            Id = id,
            Spec = spec,
            Stable = surroundings.Stable!.Value,
            Candidate = surroundings.Candidate!.Value,
            Started = now,
            StartedBy = actor,
            StepStarted = now,
        };
        var detail = string.Create(CultureInfo.InvariantCulture, $"Step 1 of {spec.Steps!.Count}: {spec.Steps[0].Weight:0.##} % of the traffic.");
        return release.With(new ReleaseEvent(now, "started", spec.Reason is null ? detail : $"{spec.Reason}: {detail}", actor));
    }

    private static void ValidateVersions(ReleaseSpec spec, ReleaseSurroundings surroundings, List<FieldProblem> problems)
    {
        if (surroundings.Stable is null)
        {
            problems.Add(new FieldProblem("alias", $"no adapter has the name '{spec.Alias}'"));
        }
        if (surroundings.Candidate is null)
        {
            problems.Add(new FieldProblem("candidate", "must be a version's digest, or enough of its first digits to stand for one only"));
        }
        else if (surroundings.Candidate == surroundings.Stable)
        {
            problems.Add(new FieldProblem("candidate", "is the version that answers already"));
        }
        if (surroundings.Probe == ProbeOutcome.Failed)
        {
            problems.Add(new FieldProblem("candidate", "failed its golden prompts"));
        }
        if (surroundings.RunningRelease is { } running)
        {
            problems.Add(new FieldProblem("alias", $"release {running} runs on '{spec.Alias}' already; one alias has one release at a time"));
        }
        else if (surroundings.RouteKind is { } kind)
        {
            problems.Add(new FieldProblem("alias", $"'{spec.Alias}' has a route plan of kind {kind}; remove it first, a release needs the whole alias"));
        }
    }

    private static void ValidateSteps(ReleaseSpec spec, List<FieldProblem> problems)
    {
        CheckCount(spec.Steps?.Count ?? 0, 1, MaxSteps, "steps", problems);
        var last = 0.0;
        for (var i = 0; i < Math.Min(MaxSteps, spec.Steps?.Count ?? 0); i++)
        {
            var step = spec.Steps![i];
            var path = string.Create(CultureInfo.InvariantCulture, $"steps[{i}]");
            if (step is null)
            {
                problems.Add(new FieldProblem(path, "must be an object with 'weight'"));
                continue;
            }
            var most = spec.Kind == ReleaseKind.Ab ? 99 : 100;
            if (!(step.Weight > last && step.Weight <= most))
            {
                problems.Add(new FieldProblem(path + ".weight",
                    string.Create(CultureInfo.InvariantCulture, $"must be greater than {last:0.##} and at most {most}; found {step.Weight:0.##}")));
            }
            last = double.IsFinite(step.Weight) ? Math.Max(last, step.Weight) : last;
            CheckRange(step.MinRequests, 0, 10_000_000, path + ".min_requests", problems);
            CheckRange(step.HoldSeconds, 0, 2_592_000, path + ".hold_seconds", problems);
        }
    }

    private static void ValidateGuard(ReleaseGuard? guard, ReleaseSpec spec, string path, List<FieldProblem> problems)
    {
        if (guard is null)
        {
            problems.Add(new FieldProblem(path, "must be an object with 'metric'"));
            return;
        }
        var canCompare = guard.Metric is GuardMetric.ErrorRate or GuardMetric.Refusals or GuardMetric.Feedback or GuardMetric.JudgeScore or GuardMetric.Probe;
        if (guard.Max is null && guard.Min is null && !canCompare)
        {
            problems.Add(new FieldProblem(path, "must have 'max' or 'min'"));
        }
        if (guard.Metric == GuardMetric.Probe && (guard.Max ?? guard.Min) is not null)
        {
            problems.Add(new FieldProblem(path, "a probe passes or fails; it has neither 'max' nor 'min'"));
        }
        // JSON's 1e400 is read as infinity, which no journal can write.
        if (guard.Max is { } max && !double.IsFinite(max))
        {
            problems.Add(new FieldProblem(path + ".max", "must be a finite number"));
        }
        if (guard.Min is { } min && !double.IsFinite(min))
        {
            problems.Add(new FieldProblem(path + ".min", "must be a finite number"));
        }
        if (guard.Min > guard.Max)
        {
            problems.Add(new FieldProblem(path + ".min", "must not be greater than 'max'"));
        }
        if (guard.Metric == GuardMetric.JudgeScore && spec.Judges is not { Count: > 0 })
        {
            problems.Add(new FieldProblem(path + ".metric", "needs a judge in 'judges'"));
        }
        CheckRange(guard.MinSamples, 1, 10_000_000, path + ".min_samples", problems);
        CheckRange(guard.FailureLimit, 0, 1_000, path + ".failure_limit", problems);
    }

    private static void ValidateJudges(IReadOnlyList<ReleaseJudge> judges, ReleaseSurroundings surroundings, List<FieldProblem> problems)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < Math.Min(MaxJudges, judges.Count); i++)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"judges[{i}]");
            var judge = judges[i];
            if (judge is null || string.IsNullOrWhiteSpace(judge.Name) || judge.Name.Length > 64 || !names.Add(judge.Name))
            {
                problems.Add(new FieldProblem(path + ".name", "must be a name of 1 to 64 characters that no other judge has"));
            }
            else if (surroundings.FindJudgeProblem(judge) is { } problem)
            {
                problems.Add(problem with { Field = $"{path}.{problem.Field}" });
            }
        }
    }

    private static void CheckCount(int count, int least, int most, string path, List<FieldProblem> problems)
    {
        if (count < least || count > most)
        {
            problems.Add(new FieldProblem(path, string.Create(CultureInfo.InvariantCulture, $"must have {least} to {most} entries; found {count}")));
        }
    }

    private static void CheckRange(double value, double least, double most, string path, List<FieldProblem> problems)
    {
        if (!(value >= least && value <= most))
        {
            problems.Add(new FieldProblem(path, string.Create(CultureInfo.InvariantCulture, $"must be between {least} and {most}; found {value}")));
        }
    }
}
