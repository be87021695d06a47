namespace Patchbay.Control.Journal;

/// <summary>What a journal holds at one moment.</summary>
/// <param name="Documents">All documents, in no particular order.</param>
/// <param name="Revision">The sequence number of the last entry that changed documents; 0 for none.</param>
/// <param name="Head">The last entry of the audit chain; null where there is none.</param>
public sealed record JournalState(IReadOnlyList<Document> Documents, long Revision, AuditEntry? Head);
