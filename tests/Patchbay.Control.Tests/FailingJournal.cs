using Patchbay.Control.Journal;

namespace Patchbay.Control.Tests;

/// <summary>A journal that fails before it has written, or after.</summary>
internal sealed class FailingJournal(IJournal inner) : IJournal
{
    public bool FailBefore { get; set; }

    public bool FailAfter { get; set; }

    /// <summary>Asked before each call; throws where the process is to end.</summary>
    public Action Step { get; set; } = () => { };

    public Task<JournalState> LoadAsync(CancellationToken cancellation)
    {
        Step();
        return inner.LoadAsync(cancellation);
    }

    public Task<long> ReadRevisionAsync(CancellationToken cancellation) => inner.ReadRevisionAsync(cancellation);

    public async Task<AuditEntry> CommitAsync(
        IReadOnlyList<DocumentChange> changes, AuditRecord record, long? expectedRevision, CancellationToken cancellation)
    {
        Step();
        Throw(FailBefore);
        var entry = await inner.CommitAsync(changes, record, expectedRevision, cancellation);
        Throw(FailAfter);
        Step();
        return entry;
    }

    public IAsyncEnumerable<string> ReadLinesAsync(long after, CancellationToken cancellation) => inner.ReadLinesAsync(after, cancellation);

    public Task<AuditPage> FindAsync(AuditQuery query, CancellationToken cancellation) => inner.FindAsync(query, cancellation);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static void Throw(bool fails)
    {
        if (fails)
        {
            throw new JournalException("The connection was lost.");
        }
    }
}
