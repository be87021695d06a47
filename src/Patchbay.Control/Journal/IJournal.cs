namespace Patchbay.Control.Journal;

/// <summary>
/// Where documents and the audit chain are kept. A commit writes both in one transaction: after a crash there are both
/// or neither. Knows nothing of what the documents mean.
/// </summary>
public interface IJournal : IAsyncDisposable
{
    /// <summary>All documents and the end of the chain, as of one moment.</summary>
    /// <exception cref="JournalException">The journal cannot be read.</exception>
    Task<JournalState> LoadAsync(CancellationToken cancellation);

    /// <summary>The revision that <see cref="LoadAsync"/> would give, cheaply: whether somebody else changed documents.</summary>
    Task<long> ReadRevisionAsync(CancellationToken cancellation);

    /// <summary>Writes documents and what was done, durably when it returns.</summary>
    /// <param name="changes">May be empty: then only the record is written, and the revision stays.</param>
    /// <param name="expectedRevision">The revision that the changes were decided on; null does not check.</param>
    /// <exception cref="JournalConflictException">The documents are of another revision; nothing was written.</exception>
    /// <exception cref="JournalException">It failed; whether it was written is known only after loading again.</exception>
    Task<AuditEntry> CommitAsync(
        IReadOnlyList<DocumentChange> changes, AuditRecord record, long? expectedRevision, CancellationToken cancellation);

    /// <summary>The entry behind which the chain begins here, because what came before is not kept; null where all of it is.</summary>
    AuditAnchor? Start => null;

    /// <summary>The lines of the audit chain as they are stored, in ascending order, unchecked.</summary>
    /// <param name="after">Only entries behind this sequence number.</param>
    IAsyncEnumerable<string> ReadLinesAsync(long after, CancellationToken cancellation);

    /// <summary>Audit entries that match, newest first.</summary>
    Task<AuditPage> FindAsync(AuditQuery query, CancellationToken cancellation);
}
