namespace Patchbay.Engine.Scheduling;

/// <summary>
/// Sequences that do not run. Those that had to give their memory back are next, in the order in which they were admitted first;
/// they have been charged for. The others are chosen by <see cref="AdapterFairness"/>. Called from the engine loop only.
/// </summary>
internal sealed class WaitingQueue
{
    private readonly AdapterFairness _fairness = new();
    private readonly LinkedList<Sequence> _preempted = [];
    private long _lastNumber;

    public int Count => _preempted.Count + _fairness.WaitingCount;

    /// <summary>Adds a new sequence.</summary>
    public void Add(Sequence sequence)
    {
        sequence.Number = ++_lastNumber;
        _fairness.Enqueue(sequence);
    }

    /// <summary>Adds a sequence that ran; among several, the one added last is next.</summary>
    public void AddPreempted(Sequence sequence) => _preempted.AddFirst(sequence.Place);

    /// <summary>The sequence to admit next, or null.</summary>
    public Sequence? Next() => _preempted.First?.Value ?? _fairness.Next();

    /// <summary>Takes out a sequence that waits.</summary>
    public void Remove(Sequence sequence)
    {
        if (sequence.Place.List == _preempted)
        {
            _preempted.Remove(sequence.Place);
        }
        else
        {
            _fairness.Remove(sequence);
        }
    }

    /// <summary>A sequence that was cancelled while it waits, or null.</summary>
    public Sequence? FindCancelled()
    {
        for (var node = _preempted.First; node is not null; node = node.Next)
        {
            if (node.Value.IsCancelled)
            {
                return node.Value;
            }
        }

        return _fairness.FindCancelled();
    }
}
