using Patchbay.Control.Releases.Statistics;

namespace Patchbay.Control.Releases;

/// <summary>Running sums of an arm over one step or over a whole release. Not safe for several threads; <see cref="ArmFigures"/> guards it.</summary>
internal sealed class ArmCounts
{
    // Stop reasons are words of the engine; a bound all the same.
    private const int MaxReasons = 16;

    private readonly LatencyHistogram _firstToken = new(), _perToken = new();
    private readonly Dictionary<string, long> _stopReasons = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, (BoundedMean Scores, long Failures)> _judges = new(StringComparer.Ordinal);
    private readonly BoundedMean _feedback = new();
    private long _requests, _errors, _refusals, _tokens;
    private Moments _firstTokens, _perTokens, _lengths;

    public void Add(in AnswerFigures answer)
    {
        _requests++;
        _tokens += answer.Tokens;
        _errors += answer.IsError ? 1 : 0;
        if (!answer.IsError)
        {
            _lengths = _lengths.With(answer.Tokens);
        }
        if (answer.FirstTokenSeconds is { } first)
        {
            _firstToken.Add(first);
            _firstTokens = _firstTokens.With(first);
        }
        if (answer.PerTokenSeconds is { } each)
        {
            _perToken.Add(each);
            _perTokens = _perTokens.With(each);
        }
        if (_stopReasons.Count < MaxReasons || _stopReasons.ContainsKey(answer.StopReason))
        {
            _stopReasons[answer.StopReason] = _stopReasons.GetValueOrDefault(answer.StopReason) + 1;
        }
    }

    public void AddRefusal() => _refusals++;

    public void AddFeedback(double score) => _feedback.Add(score);

    public void AddJudge(string judge, double? score)
    {
        var (scores, failures) = _judges.TryGetValue(judge, out var known) ? known : (new BoundedMean(), 0);
        if (score is { } value)
        {
            scores.Add(value);
        }
        _judges[judge] = (scores, failures + (score is null ? 1 : 0));
    }

    public ArmSummary ToSummary() => new()
    {
        Requests = _requests,
        Errors = _errors,
        Refusals = _refusals,
        Tokens = _tokens,
        TimeToFirstToken = new Percentiles(_firstToken.Percentile(0.5), _firstToken.Percentile(0.95)),
        TimePerToken = new Percentiles(_perToken.Percentile(0.5), _perToken.Percentile(0.95)),
        FirstTokenMoments = _firstTokens,
        PerTokenMoments = _perTokens,
        LengthMoments = _lengths,
        StopReasons = new Dictionary<string, long>(_stopReasons, StringComparer.Ordinal),
        Feedback = Figures(_feedback),
        Judges = [.. _judges.Select(judge => new JudgeFigures(judge.Key, Figures(judge.Value.Scores), judge.Value.Failures))],
    };

    private static ScoreFigures Figures(BoundedMean scores)
    {
        var (low, high) = scores.Interval;
        return new ScoreFigures(scores.Count, scores.Count == 0 ? null : scores.Mean, low, high);
    }
}
