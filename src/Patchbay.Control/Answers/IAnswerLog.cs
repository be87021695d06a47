namespace Patchbay.Control.Answers;

/// <summary>Where answered requests are remembered, within a retention.</summary>
public interface IAnswerLog : IAsyncDisposable
{
    /// <summary>Whether prompts and comments are kept.</summary>
    bool KeepsPrompts { get; }

    /// <summary>Adds answers, all or none of them, and forgets what the retention no longer covers.</summary>
    Task AppendAsync(IReadOnlyList<AnswerEntry> entries, CancellationToken cancellation);

    /// <summary>Keeps what a user said of the newest answer with this id; the first rating stays. Nothing happens where there is no such answer.</summary>
    Task RateAsync(string id, AnswerRating rating, CancellationToken cancellation);

    /// <summary>The newest answer with this id; null where there is none.</summary>
    Task<AnswerEntry?> FindAsync(string id, CancellationToken cancellation);

    /// <summary>Answers that match, those that began last first.</summary>
    Task<IReadOnlyList<AnswerEntry>> ListAsync(AnswerQuery query, CancellationToken cancellation);
}
