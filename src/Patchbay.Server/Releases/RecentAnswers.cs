using System.Collections.Concurrent;
using Patchbay.Control;

namespace Patchbay.Server.Releases;

/// <summary>Which arm an answer came from.</summary>
/// <param name="Alias">The adapter's label.</param>
/// <param name="Digest">The version; null for the base and for sums that no release compares.</param>
/// <param name="Arm">The arm of the plan that chose; null where none did.</param>
internal sealed record AnswerOrigin(string Alias, VersionDigest? Digest, string? Arm);

/// <summary>The last answers by their completion ids, for those who say later how good they were.</summary>
internal sealed class RecentAnswers(int limit = 16_384)
{
    private readonly ConcurrentDictionary<string, Entry> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _order = new();

    public void Add(string id, AnswerOrigin origin)
    {
        _byId[id] = new Entry(origin);
        _order.Enqueue(id);
        while (_order.Count > limit && _order.TryDequeue(out var oldest))
        {
            _byId.TryRemove(oldest, out _);
        }
    }

    /// <summary>Finds an answer that nobody rated yet.</summary>
    /// <returns>Null for an unknown id; <c>IsFirst</c> says whether this is the first rating.</returns>
    public (AnswerOrigin Origin, bool IsFirst)? Rate(string id) =>
        _byId.TryGetValue(id, out var entry) ? (entry.Origin, Interlocked.Exchange(ref entry.Rated, 1) == 0) : null;

    private sealed class Entry(AnswerOrigin origin)
    {
        public int Rated;

        public AnswerOrigin Origin => origin;
    }
}
