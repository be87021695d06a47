using Microsoft.Extensions.Logging;

namespace Patchbay.Server.Judges;

/// <summary>
/// Runs one judge beside the answers, a few at a time. Answers that come faster than it judges are not judged. A call that takes
/// too long counts as failed; until it really ends it keeps its place, so a judge that hangs stops being asked.
/// </summary>
internal sealed partial class JudgeLane(IAnswerJudge judge, string name, TimeSpan timeout, TimeProvider time, ILogger logger)
{
    private const int MaxAtOnce = 8;

    private int _running;

    /// <summary>Has an answer judged if there is room.</summary>
    /// <param name="record">Gets the judge's name in the release and its score; null says that it failed.</param>
    /// <returns>Whether there was room.</returns>
    public bool TryJudge(JudgedAnswer answer, Action<string, double?> record)
    {
        if (Interlocked.Increment(ref _running) > MaxAtOnce)
        {
            Interlocked.Decrement(ref _running);
            return false;
        }
        // Not on the caller's thread: a judge may compute or block before its first await.
        _ = Task.Run(() => JudgeAsync(answer, record));
        return true;
    }

    private async Task JudgeAsync(JudgedAnswer answer, Action<string, double?> record)
    {
        using var late = new CancellationTokenSource(timeout, time);
        var scoring = Task.Run(async () =>
        {
            try
            {
                return await judge.ScoreAsync(answer, late.Token);
            }
            finally
            {
                Interlocked.Decrement(ref _running);
            }
        });
        double? score = null;
        try
        {
            score = await scoring.WaitAsync(timeout, time);
            score = score is >= 0 and <= 1 ? score : throw new InvalidDataException("A score is a number from 0 to 1.");
        }
        catch (Exception failure)
        {
            // Whatever a judge does, it costs its own score only.
            score = null;
            Log.Failed(logger, name, failure.GetType().Name);
        }
        record(name, score);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Judge {Name} gave no score: {Problem}")]
        public static partial void Failed(ILogger logger, string name, string problem);
    }
}
