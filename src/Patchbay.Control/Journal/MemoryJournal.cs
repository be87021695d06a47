using System.Runtime.CompilerServices;

namespace Patchbay.Control.Journal;

/// <summary>
/// A journal that ends with the process, for a server that keeps nothing. Of the audit chain only the last entries are kept; what
/// is left can be verified behind <see cref="Start"/>.
/// </summary>
/// <param name="mostEntries">Entries that are kept; when there are more, a tenth of them goes.</param>
public sealed class MemoryJournal(int mostEntries = 10_000) : IJournal
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Kind, string Key), string> _documents = [];
    private readonly List<AuditEntry> _entries = [];
    private AuditAnchor? _start;
    private AuditEntry? _head;
    private long _revision;

    /// <inheritdoc/>
    public AuditAnchor? Start
    {
        get
        {
            lock (_lock)
            {
                return _start;
            }
        }
    }

    /// <inheritdoc/>
    public Task<JournalState> LoadAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            var documents = _documents.Select(pair => new Document(pair.Key.Kind, pair.Key.Key, pair.Value)).ToList();
            return Task.FromResult(new JournalState(documents, _revision, _head));
        }
    }

    /// <inheritdoc/>
    public Task<long> ReadRevisionAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            return Task.FromResult(_revision);
        }
    }

    /// <inheritdoc/>
    public Task<AuditEntry> CommitAsync(
        IReadOnlyList<DocumentChange> changes, AuditRecord record, long? expectedRevision, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (expectedRevision is { } expected && expected != _revision)
            {
                throw new JournalConflictException(expected, _revision);
            }
            var entry = AuditEntry.Append(record, (_head?.Sequence ?? 0) + 1, _head?.Hash ?? AuditEntry.NoPrevious);
            foreach (var change in changes)
            {
                if (change.Json is null)
                {
                    _documents.Remove((change.Kind, change.Key));
                }
                else
                {
                    _documents[(change.Kind, change.Key)] = change.Json;
                }
            }
            Add(entry);
            _revision = changes.Count > 0 ? entry.Sequence : _revision;
            return Task.FromResult(entry);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ReadLinesAsync(long after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.CompletedTask;
        // By number: entries may be dropped at the front while a reader takes his time.
        for (var last = after; ;)
        {
            AuditEntry entry;
            lock (_lock)
            {
                var index = Math.Max(0, last - (_start?.Sequence ?? 0));
                if (index >= _entries.Count)
                {
                    yield break;
                }
                entry = _entries[(int)index];
            }
            yield return entry.Line;
            last = entry.Sequence;
        }
    }

    /// <inheritdoc/>
    public Task<AuditPage> FindAsync(AuditQuery query, CancellationToken cancellation)
    {
        lock (_lock)
        {
            var found = _entries.AsEnumerable().Reverse()
                .Where(entry => (query.Before is null || entry.Sequence < query.Before)
                    && (query.Actor is null || entry.Record.Actor == query.Actor)
                    && (query.Action is null || entry.Record.Action == query.Action)
                    && (query.Target is null || entry.Record.Target == query.Target))
                .Take(query.Limit + 1).ToList();
            return Task.FromResult(new AuditPage(found.Take(query.Limit).ToList(), found.Count > query.Limit));
        }
    }

    private void Add(AuditEntry entry)
    {
        _entries.Add(entry);
        _head = entry;
        if (_entries.Count > mostEntries)
        {
            var gone = Math.Max(1, mostEntries / 10);
            _start = new AuditAnchor(_entries[gone - 1].Sequence, _entries[gone - 1].Hash);
            _entries.RemoveRange(0, gone);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
