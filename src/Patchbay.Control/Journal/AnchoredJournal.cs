using System.Globalization;

namespace Patchbay.Control.Journal;

/// <summary>A journal whose end is written to a file of its own after every commit; see <see cref="AuditAnchor"/>.</summary>
public sealed class AnchoredJournal : IJournal
{
    private readonly IJournal _inner;
    private readonly string _path;
    private readonly Lock _lock = new();
    private long _written;

    private AnchoredJournal(IJournal inner, string path)
    {
        _inner = inner;
        _path = path;
    }

    /// <summary>
    /// Compares the journal with its anchor. Where entries are missing or others are in their place, this is itself
    /// written to the chain as <c>audit.repair</c>, with what the anchor knew: a cut chain serves on but cannot be hidden.
    /// </summary>
    /// <exception cref="JournalException">The journal cannot be read or written.</exception>
    public static async Task<AnchoredJournal> OpenAsync(IJournal inner, string path, TimeProvider time, CancellationToken cancellation)
    {
        var journal = new AnchoredJournal(inner, path);
        if (await FindProblemAsync(inner, path, cancellation) is { } problem)
        {
            await journal.CommitAsync([], new AuditRecord(time.GetUtcNow(), "patchbay", "audit.repair", "audit") { Reason = problem }, null, cancellation);
        }
        else if ((await inner.LoadAsync(cancellation)).Head is { } head)
        {
            journal.Write(head);
        }
        return journal;
    }

    /// <inheritdoc/>
    public Task<JournalState> LoadAsync(CancellationToken cancellation) => _inner.LoadAsync(cancellation);

    /// <inheritdoc/>
    public Task<long> ReadRevisionAsync(CancellationToken cancellation) => _inner.ReadRevisionAsync(cancellation);

    /// <inheritdoc/>
    public async Task<AuditEntry> CommitAsync(
        IReadOnlyList<DocumentChange> changes, AuditRecord record, long? expectedRevision, CancellationToken cancellation)
    {
        var entry = await _inner.CommitAsync(changes, record, expectedRevision, cancellation);
        Write(entry);
        return entry;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ReadLinesAsync(long after, CancellationToken cancellation) => _inner.ReadLinesAsync(after, cancellation);

    /// <inheritdoc/>
    public Task<AuditPage> FindAsync(AuditQuery query, CancellationToken cancellation) => _inner.FindAsync(query, cancellation);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    private void Write(AuditEntry entry)
    {
        lock (_lock)
        {
            if (entry.Sequence <= _written)
            {
                return;
            }
            try
            {
                new AuditAnchor(entry.Sequence, entry.Hash).Write(_path);
                _written = entry.Sequence;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // The command is in the journal and must not look failed; an older anchor still guards what it knows.
            }
        }
    }

    private static async Task<string?> FindProblemAsync(IJournal inner, string path, CancellationToken cancellation)
    {
        AuditAnchor? anchor;
        try
        {
            anchor = AuditAnchor.Read(path);
        }
        catch (InvalidDataException exception)
        {
            return exception.Message;
        }
        if (anchor is null)
        {
            // The first commit may have been interrupted before its anchor; later ones left an older anchor.
            var head = (await inner.LoadAsync(cancellation)).Head;
            return head?.Sequence > 1 ? "The anchor is missing." : null;
        }
        await foreach (var line in inner.ReadLinesAsync(anchor.Sequence - 1, cancellation))
        {
            return AuditEntry.Parse(line) is { } entry && entry.Sequence == anchor.Sequence && entry.Hash == anchor.Hash
                ? null
                : string.Create(CultureInfo.InvariantCulture, $"Entry {anchor.Sequence} does not have the anchor's hash {anchor.Hash}.");
        }
        return string.Create(CultureInfo.InvariantCulture, $"Entries up to {anchor.Sequence} with the anchor's hash {anchor.Hash} are missing.");
    }
}
