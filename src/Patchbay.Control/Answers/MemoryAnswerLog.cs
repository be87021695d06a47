namespace Patchbay.Control.Answers;

/// <summary>The last answers of this process.</summary>
/// <param name="retention">How many, and whether with prompts.</param>
/// <param name="time">The clock that ends the retention of prompts and comments.</param>
public sealed class MemoryAnswerLog(AnswerRetention retention, TimeProvider time) : IAnswerLog
{
    private readonly Lock _lock = new();
    private readonly LinkedList<AnswerEntry> _entries = [];
    private readonly Dictionary<string, LinkedListNode<AnswerEntry>> _byId = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public bool KeepsPrompts => retention.Prompts > TimeSpan.Zero;

    /// <inheritdoc/>
    public Task AppendAsync(IReadOnlyList<AnswerEntry> entries, CancellationToken cancellation)
    {
        lock (_lock)
        {
            foreach (var entry in entries)
            {
                _byId[entry.Id] = _entries.AddLast(KeepsPrompts ? entry : entry with { Prompts = null });
            }
            while (_entries.Count > retention.MaxEntries && _entries.First is { } oldest)
            {
                _entries.RemoveFirst();
                if (_byId.TryGetValue(oldest.Value.Id, out var newest) && newest == oldest)
                {
                    _byId.Remove(oldest.Value.Id);
                }
            }
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task RateAsync(string id, AnswerRating rating, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_byId.TryGetValue(id, out var found) && found.Value.Rating is null)
            {
                found.Value = found.Value with { Rating = KeepsPrompts ? rating : rating with { Comment = null } };
            }
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<AnswerEntry?> FindAsync(string id, CancellationToken cancellation)
    {
        lock (_lock)
        {
            return Task.FromResult(_byId.TryGetValue(id, out var found) ? Shown(found.Value) : null);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnswerEntry>> ListAsync(AnswerQuery query, CancellationToken cancellation)
    {
        lock (_lock)
        {
            // They are kept in the order of their ends; pages are cut by when they began.
            return Task.FromResult<IReadOnlyList<AnswerEntry>>([.. _entries.Reverse()
                .Where(entry => (query.Before is null || entry.Time < query.Before) && (query.Adapter is null || entry.Adapter == query.Adapter)
                    && (query.Arm is null || entry.Arm == query.Arm))
                .OrderByDescending(entry => entry.Time).Take(query.Limit).Select(Shown)]);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private AnswerEntry Shown(AnswerEntry entry) => time.GetUtcNow() - entry.Time > retention.Prompts
        ? entry with { Prompts = null, Rating = entry.Rating is { } rating ? rating with { Comment = null } : null }
        : entry;
}
