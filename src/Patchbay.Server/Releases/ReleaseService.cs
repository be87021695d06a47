using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Patchbay.Control;
using Patchbay.Control.Releases;
using Patchbay.Control.Routing;
using Patchbay.Server.Judges;
using Patchbay.Server.Observability;

namespace Patchbay.Server.Releases;

/// <summary>What became of a rating.</summary>
internal enum FeedbackOutcome
{
    /// <summary>It counts.</summary>
    Accepted,

    /// <summary>No answer has this id, or it is too long ago.</summary>
    Unknown,

    /// <summary>The answer was rated before.</summary>
    RatedAlready,
}

/// <summary>
/// Plans and releases as the server lives with them: looks at every running release once a second, tells the arms how their
/// answers went, has them judged, and takes users' ratings.
/// </summary>
internal sealed partial class ReleaseService : IAsyncDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly JudgeRegistry _judges;
    private readonly ReleaseWebhook? _webhook;
    private readonly TimeProvider _time;
    private readonly ILogger<ReleaseService> _logger;
    private readonly ConcurrentDictionary<string, IReadOnlyList<JudgeLane>> _lanes = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly RecentAnswers _recent = new();
    private Task _looking = Task.CompletedTask;

    public ReleaseService(ControlPlane plane, JudgeRegistry judges, ReleaseWebhook? webhook, TimeProvider time, ILogger<ReleaseService> logger)
    {
        (_judges, _webhook, _time, _logger) = (judges, webhook, time, logger);
        Plane = plane;
        Routes = new RouteCommands(plane);
        Conductor = new ReleaseConductor(plane, time) { Happened = OnHappened };
    }

    public ControlPlane Plane { get; }

    /// <summary>Plans made ready for requests.</summary>
    public RouteTable Table { get; } = new();

    /// <summary>What operators do to plans.</summary>
    public RouteCommands Routes { get; }

    /// <summary>What operators do to releases.</summary>
    public ReleaseConductor Conductor { get; }

    /// <summary>Mean ratings by adapter and arm since the start.</summary>
    public ConcurrentDictionary<(string Adapter, string Arm, string Judge), MeanScore> Scores { get; } = new();

    /// <summary>Begins to look.</summary>
    public void Start() => _looking = Task.Run(LookAsync);

    /// <summary>Starts a release.</summary>
    public Task<ReleaseAnswer> StartAsync(ReleaseSpec spec, CommandOrigin origin, CancellationToken cancellation) =>
        Conductor.StartAsync(spec, _judges.FindProblem, origin, cancellation);

    /// <summary>Whether the texts of an answer are wanted at its end.</summary>
    public bool WantsText(AnswerSource source) => FindArm(source) is { Release.Spec.Judges.Count: > 0 };

    /// <summary>Takes up an answer that has ended.</summary>
    /// <param name="prompt">What was asked, as text; only called where a judge reads it.</param>
    /// <param name="texts">The texts of its answers, where <see cref="WantsText"/> said so.</param>
    public void Take(AnswerRecord record, Func<string> prompt, IReadOnlyList<string> texts)
    {
        var source = record.Source;
        Remember(record);
        if (FindArm(source) is not { } found)
        {
            return;
        }
        found.Arm.RecordAnswer(FiguresOf(record));
        if (record.Outcome == AnswerOutcome.Done && found.Release.Spec.Judges is { Count: > 0 })
        {
            Judge(found.Release, found.Arm, record, prompt, texts);
        }
    }

    /// <summary>Lets an answer that has ended be rated.</summary>
    public void Remember(AnswerRecord record)
    {
        var source = record.Source;
        VersionDigest? digest = VersionDigest.TryParse(source.Digest, out var parsed) ? parsed : null;
        _recent.Add(record.Id, new AnswerOrigin(source.Adapter, digest, source.Arm));
    }

    /// <summary>Counts a request that was turned away after its arm was chosen.</summary>
    public void Refuse(AnswerSource source) => FindArm(source)?.Arm.RecordRefusal();

    /// <summary>Takes a user's rating of an answer.</summary>
    public FeedbackOutcome Rate(string id, double score)
    {
        if (_recent.Rate(id) is not { } rated)
        {
            return FeedbackOutcome.Unknown;
        }
        if (!rated.IsFirst)
        {
            return FeedbackOutcome.RatedAlready;
        }
        var origin = rated.Origin;
        Score(origin.Alias, origin.Arm, "", score);
        if (origin.Digest is { } digest && origin.Arm is not null)
        {
            Conductor.FindArm(origin.Alias, digest)?.Arm.RecordFeedback(score);
        }
        return FeedbackOutcome.Accepted;
    }

    /// <summary>How an answer went, for the figures of an arm.</summary>
    public static AnswerFigures FiguresOf(AnswerRecord record) => new(
        record.Outcome == AnswerOutcome.Failed, record.CompletionTokens,
        record.FinishReason ?? (record.Outcome == AnswerOutcome.Cancelled ? "cancelled" : "error"),
        record.TimeToFirstToken?.TotalSeconds, record.TimePerOutputToken?.TotalSeconds);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _looking;
        Conductor.Dispose();
        _stopping.Dispose();
        if (_webhook is not null)
        {
            await _webhook.DisposeAsync();
        }
    }

    private (Release Release, ArmFigures Arm)? FindArm(AnswerSource source) =>
        source.Arm is not null && VersionDigest.TryParse(source.Digest, out var digest) ? Conductor.FindArm(source.Adapter, digest) : null;

    private void Judge(Release release, ArmFigures arm, AnswerRecord record, Func<string> prompt, IReadOnlyList<string> texts)
    {
        var lanes = _lanes.GetOrAdd(release.Id, _ => LanesOf(release));
        var asked = prompt();
        foreach (var text in texts)
        {
            var answer = new JudgedAnswer(record.Id, record.Source.Adapter, record.Source.Arm!, record.Source.Digest!, asked, text);
            foreach (var lane in lanes)
            {
                lane.TryJudge(answer, (name, score) =>
                {
                    arm.RecordJudge(name, score);
                    if (score is { } value)
                    {
                        Score(record.Source.Adapter, record.Source.Arm, name, value);
                    }
                });
            }
        }
    }

    private List<JudgeLane> LanesOf(Release release) => [.. release.Spec.Judges!
        .Select(judge => (Spec: judge, Judge: _judges.TryCreate(judge, out _)))
        // One that the host no longer registers gives no scores; the guard on it waits, and the release pauses.
        .Where(made => made.Judge is not null)
        .Select(made => new JudgeLane(made.Judge!, made.Spec.Name!, JudgeRegistry.TimeoutOf(made.Spec), _time, _logger))];

    private void Score(string adapter, string? arm, string judge, double score) =>
        Scores.AddOrUpdate((adapter, arm ?? "", judge), new MeanScore(1, score), (_, before) => new MeanScore(before.Count + 1, before.Sum + score));

    private void OnHappened(Release release, ReleaseEvent happened)
    {
        Log.Happened(_logger, release.Id, release.Spec.Alias!, happened.Event, happened.Detail);
        _webhook?.Post(release, happened);
        if (release.IsOver)
        {
            _lanes.TryRemove(release.Id, out _);
        }
    }

    private async Task LookAsync()
    {
        using var timer = new PeriodicTimer(LookInterval, _time);
        try
        {
            do
            {
                await LookOnceAsync();
            }
            while (await timer.WaitForNextTickAsync(_stopping.Token));
        }
        catch (OperationCanceledException)
        {
            // The server stops; the next one goes on from the journal.
        }
    }

    private async Task LookOnceAsync()
    {
        try
        {
            await Conductor.LookAsync(_stopping.Token);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // Nothing was changed that is not written, and releases must not stay unwatched: the next look tries again.
            Log.LookFailed(_logger, failure);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Release {Id} of {Alias}: {Event}. {Detail}")]
        public static partial void Happened(ILogger logger, string id, string alias, string @event, string detail);

        [LoggerMessage(2, LogLevel.Error, "A look at the running releases failed; it is tried again in a second.")]
        public static partial void LookFailed(ILogger logger, Exception failure);
    }
}

/// <summary>Scores so far.</summary>
internal readonly record struct MeanScore(long Count, double Sum);
