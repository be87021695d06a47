namespace Patchbay.Control.Answers;

/// <summary>Where answered requests are remembered, within a retention.</summary>
public interface IAnswerLog : IAsyncDisposable
{
    /// <summary>Whether prompts are kept.</summary>
    bool KeepsPrompts { get; }

    /// <summary>Adds answers, all or none of them, and forgets what the retention no longer covers.</summary>
    Task AppendAsync(IReadOnlyList<AnswerEntry> entries, CancellationToken cancellation);

    /// <summary>The newest answer with this id; null where there is none.</summary>
    Task<AnswerEntry?> FindAsync(string id, CancellationToken cancellation);

    /// <summary>Answers that match, newest first.</summary>
    Task<IReadOnlyList<AnswerEntry>> ListAsync(AnswerQuery query, CancellationToken cancellation);
}
