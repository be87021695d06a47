using System.Runtime.CompilerServices;

namespace Patchbay.Control.Journal;

/// <summary>A journal that ends with the process, for a server that keeps nothing.</summary>
public sealed class MemoryJournal : IJournal
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Kind, string Key), string> _documents = [];
    private readonly List<AuditEntry> _entries = [];
    private long _revision;

    /// <inheritdoc/>
    public Task<JournalState> LoadAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            var documents = _documents.Select(pair => new Document(pair.Key.Kind, pair.Key.Key, pair.Value)).ToList();
            return Task.FromResult(new JournalState(documents, _revision, _entries.LastOrDefault()));
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
            var entry = AuditEntry.Append(record, _entries.Count + 1, _entries.LastOrDefault()?.Hash ?? AuditEntry.NoPrevious);
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
            _entries.Add(entry);
            _revision = changes.Count > 0 ? entry.Sequence : _revision;
            return Task.FromResult(entry);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ReadLinesAsync(long after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.CompletedTask;
        for (var index = (int)after; ; index++)
        {
            string line;
            lock (_lock)
            {
                if (index >= _entries.Count)
                {
                    yield break;
                }
                line = _entries[index].Line;
            }
            yield return line;
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

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
