using System.Runtime.InteropServices;
using Patchbay.Engine.Adapters;

namespace Patchbay.Engine.Scheduling;

/// <summary>What one step computes: for each sequence, how many of its pending tokens. Plain data.</summary>
internal sealed class StepPlan
{
    private readonly List<Entry> _entries = [];

    /// <summary>The entries, sequences of the same adapter next to each other.</summary>
    public ReadOnlySpan<Entry> Entries => CollectionsMarshal.AsSpan(_entries);

    /// <summary>Rows of the step.</summary>
    public int TokenCount { get; private set; }

    public void Clear()
    {
        _entries.Clear();
        TokenCount = 0;
    }

    public void Add(Sequence sequence, int count)
    {
        _entries.Add(new Entry(sequence, count));
        TokenCount += count;
    }

    /// <summary>Lets an entry compute tokens that are only guessed, behind its pending ones.</summary>
    public void AddDraft(int entry, int count)
    {
        _entries[entry] = _entries[entry] with { DraftCount = count };
        TokenCount += count;
    }

    /// <summary>Takes a sequence out again, if it is in.</summary>
    public void Remove(Sequence sequence)
    {
        for (var i = 0; i < _entries.Count; i++)
        {
            if (_entries[i].Sequence == sequence)
            {
                TokenCount -= _entries[i].Count;
                _entries.RemoveAt(i);
                return;
            }
        }
    }

    /// <summary>Brings sequences of one adapter together, and those of adapters that repeat layers behind all others.</summary>
    public void Sort() => _entries.Sort(static (one, other) =>
    {
        var byStack = (one.Sequence.Adapter?.Stack is not null).CompareTo(other.Sequence.Adapter?.Stack is not null);
        var byAdapter = byStack != 0 ? byStack : one.Sequence.AdapterOrder.CompareTo(other.Sequence.AdapterOrder);
        return byAdapter != 0 ? byAdapter : one.Sequence.Number.CompareTo(other.Sequence.Number);
    });

    /// <summary>The entries from <paramref name="first"/> on whose rows pass through the same layers: all, unless adapters repeat layers.</summary>
    public ReadOnlySpan<Entry> PassFrom(int first)
    {
        var end = first;
        while (end < _entries.Count && StackOf(end) == StackOf(first))
        {
            end++;
        }

        return Entries[first..end];
    }

    private LayerStack? StackOf(int entry) => _entries[entry].Sequence.Adapter?.Stack;

    /// <param name="Sequence">Whose tokens.</param>
    /// <param name="Count">How many of its pending tokens.</param>
    /// <param name="DraftCount">How many of its guessed tokens, behind the pending ones.</param>
    internal readonly record struct Entry(Sequence Sequence, int Count, int DraftCount = 0)
    {
        /// <summary>Whether the pass reaches the end of the sequence, so that a token is chosen. Before the pass was applied.</summary>
        public bool ReachesEnd => Count == Sequence.PendingCount;

        /// <summary>Rows in the batch.</summary>
        public int RowCount => Count + DraftCount;
    }
}
