namespace Patchbay.Engine.Scheduling;

/// <summary>What one step computes: for each sequence, how many of its pending tokens. Plain data.</summary>
internal sealed class StepPlan
{
    /// <summary>The entries, sequences of the same adapter next to each other.</summary>
    public List<Entry> Entries { get; } = [];

    public int TokenCount { get; private set; }

    public void Clear()
    {
        Entries.Clear();
        TokenCount = 0;
    }

    public void Add(Sequence sequence, int count)
    {
        Entries.Add(new Entry(sequence, count));
        TokenCount += count;
    }

    /// <summary>Takes a sequence out again, if it is in.</summary>
    public void Remove(Sequence sequence)
    {
        var place = Entries.FindIndex(entry => entry.Sequence == sequence);
        if (place >= 0)
        {
            TokenCount -= Entries[place].Count;
            Entries.RemoveAt(place);
        }
    }

    /// <summary>The entries in runs whose rows pass through the same layers.</summary>
    public IEnumerable<List<Entry>> Passes() =>
        Entries.GroupBy(entry => entry.Sequence.Adapter?.Stack).Select(pass => pass.ToList());

    /// <param name="Sequence">Whose tokens.</param>
    /// <param name="Count">How many of them.</param>
    internal readonly record struct Entry(Sequence Sequence, int Count)
    {
        /// <summary>Whether the pass reaches the end of the sequence, so that a token is chosen.</summary>
        public bool ReachesEnd => Count == Sequence.PendingCount;
    }
}
