namespace Patchbay.Control.Releases;

/// <summary>How one answer went. Holds no text.</summary>
/// <param name="IsError">Whether the server or the model failed; what the caller did wrong is no error.</param>
/// <param name="Tokens">Tokens that were generated.</param>
/// <param name="StopReason">Why it ended: <c>stop</c>, <c>length</c>, <c>error</c> …</param>
/// <param name="FirstTokenSeconds">Time to the first token; null where none came.</param>
/// <param name="PerTokenSeconds">Mean time per token after the first; null where there was at most one.</param>
public readonly record struct AnswerFigures(bool IsError, int Tokens, string StopReason, double? FirstTokenSeconds, double? PerTokenSeconds);

/// <summary>
/// Live figures of one arm: over the present step, over all, and as a series of five-second buckets. Safe for any number of
/// threads; a record takes a lock for well under a microsecond.
/// </summary>
public sealed class ArmFigures(TimeProvider time)
{
    /// <summary>Seconds that a bucket of the series covers.</summary>
    public const int BucketSeconds = 5;

    /// <summary>How many buckets the series keeps.</summary>
    public const int MaxBuckets = 120;

    private readonly Lock _lock = new();
    private readonly Bucket[] _series = new Bucket[MaxBuckets];
    private readonly ArmCounts _total = new();
    private ArmCounts _step = new();

    /// <summary>Records an answer that ended.</summary>
    public void RecordAnswer(in AnswerFigures answer)
    {
        lock (_lock)
        {
            _step.Add(answer);
            _total.Add(answer);
            ref var bucket = ref Now();
            bucket.Requests++;
            bucket.Errors += answer.IsError ? 1 : 0;
            Add(ref bucket.FirstToken, ref bucket.FirstTokens, answer.FirstTokenSeconds);
            Add(ref bucket.PerToken, ref bucket.PerTokens, answer.PerTokenSeconds);
        }
    }

    /// <summary>Records a request that was turned away.</summary>
    public void RecordRefusal()
    {
        lock (_lock)
        {
            _step.AddRefusal();
            _total.AddRefusal();
        }
    }

    /// <summary>Records what a user said of an answer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The score is not in [0, 1].</exception>
    public void RecordFeedback(double score)
    {
        CheckScore(score);
        lock (_lock)
        {
            _step.AddFeedback(score);
            _total.AddFeedback(score);
        }
    }

    /// <summary>Records what a judge said of an answer; null says that it failed to.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The score is not in [0, 1].</exception>
    public void RecordJudge(string judge, double? score)
    {
        CheckScore(score ?? 0);
        lock (_lock)
        {
            _step.AddJudge(judge, score);
            _total.AddJudge(judge, score);
            if (score is not null)
            {
                ref var bucket = ref Now();
                Add(ref bucket.Score, ref bucket.Scores, score);
            }
        }
    }

    /// <summary>Begins a step: its figures start at nothing, those over all go on.</summary>
    /// <returns>The figures of the step that ended.</returns>
    public ArmSummary BeginStep()
    {
        lock (_lock)
        {
            var ended = _step.ToSummary();
            _step = new ArmCounts();
            return ended;
        }
    }

    /// <summary>The figures of the present step and over all, of one moment.</summary>
    public (ArmSummary Step, ArmSummary Total) Summarize()
    {
        lock (_lock)
        {
            return (_step.ToSummary(), _total.ToSummary());
        }
    }

    /// <summary>The buckets in which anything happened, oldest first.</summary>
    public IReadOnlyList<ArmBucket> Series()
    {
        lock (_lock)
        {
            var oldest = Number() - MaxBuckets;
            return [.. _series.Where(bucket => bucket.Number > oldest && bucket.Number > 0).OrderBy(bucket => bucket.Number).Select(bucket => bucket.ToFigures())];
        }
    }

    private static void CheckScore(double score)
    {
        if (!(score is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(score), score, "A score must be between 0 and 1.");
        }
    }

    private static void Add(ref double sum, ref long count, double? value)
    {
        sum += value ?? 0;
        count += value is null ? 0 : 1;
    }

    private long Number() => time.GetUtcNow().ToUnixTimeSeconds() / BucketSeconds;

    private ref Bucket Now()
    {
        var number = Number();
        ref var bucket = ref _series[(int)(number % MaxBuckets)];
        if (bucket.Number != number)
        {
            bucket = new Bucket { Number = number };
        }
        return ref bucket;
    }

    private struct Bucket
    {
        public long Number, Requests, Errors, FirstTokens, PerTokens, Scores;
        public double FirstToken, PerToken, Score;

        public readonly ArmBucket ToFigures() => new(Number * BucketSeconds, Requests, Errors,
            FirstTokens == 0 ? null : FirstToken / FirstTokens, PerTokens == 0 ? null : PerToken / PerTokens, Scores == 0 ? null : Score / Scores);
    }
}
