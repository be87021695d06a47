namespace Patchbay.Bench;

/// <summary>When the tokens of one answer arrived, in ticks of the clock.</summary>
/// <param name="Sent">When the request was sent.</param>
/// <param name="Arrivals">When each piece of the answer arrived; at least one.</param>
/// <param name="TokenCount">Tokens of the answer: one for each piece, unless the server puts several into one.</param>
internal sealed record StreamTimes(long Sent, IReadOnlyList<long> Arrivals, int TokenCount)
{
    public double FirstTokenSeconds => Seconds(Sent, Arrivals[0]);

    /// <summary>New tokens per second of all answers, from the first request to the last token.</summary>
    public static double Throughput(IReadOnlyList<StreamTimes> answers) =>
        answers.Sum(answer => answer.TokenCount) / Seconds(answers.Min(answer => answer.Sent), answers.Max(answer => answer.Arrivals[^1]));

    /// <summary>The longest pause between two tokens of one answer, in milliseconds, from the moment when each had its first token.</summary>
    public static double LongestGapMilliseconds(IReadOnlyList<StreamTimes> answers)
    {
        var start = AllStarted(answers);
        var longest = 0.0;
        foreach (var arrivals in answers.Select(answer => answer.Arrivals.Where(arrival => arrival >= start).ToList()))
        {
            for (var i = 1; i < arrivals.Count; i++)
            {
                longest = Math.Max(longest, 1000 * Seconds(arrivals[i - 1], arrivals[i]));
            }
        }
        return longest;
    }

    private static long AllStarted(IReadOnlyList<StreamTimes> answers) => answers.Max(answer => answer.Arrivals[0]);

    private static double Seconds(long from, long to) => TimeProvider.System.GetElapsedTime(from, to).TotalSeconds;
}
