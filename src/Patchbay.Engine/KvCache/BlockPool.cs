namespace Patchbay.Engine.KvCache;

/// <summary>
/// Who uses which block. A block is in exactly one state:
/// <code>
/// free     on the free stack; its content means nothing
/// used     one or more sequences hold it (reference count ≥ 1)
/// cached   nobody holds it, but the prefix index can find it; least recently used goes first
/// </code>
/// Called from the engine loop only.
/// </summary>
internal sealed class BlockPool
{
    private readonly int[] _references;
    private readonly Stack<int> _free;
    private readonly BlockList _cached;
    private readonly PrefixIndex _index;

    public BlockPool(int blockCount, PrefixIndex index)
    {
        _references = new int[blockCount];
        _cached = new BlockList(blockCount);
        _free = new Stack<int>(Enumerable.Range(0, blockCount).Reverse());
        _index = index;
    }

    public int Count => _references.Length;

    /// <summary>Blocks that can be allocated now, cached ones included.</summary>
    public int AvailableCount => _free.Count + _cached.Count;

    public int UsedCount => Count - AvailableCount;

    /// <summary>Takes a block for one holder; evicts the least recently used cached block when none is free.</summary>
    public bool TryAllocate(out int block)
    {
        if (!_free.TryPop(out block))
        {
            block = _cached.First;
            if (block < 0)
            {
                return false;
            }

            _cached.Remove(block);
            _index.Remove(block);
        }

        _references[block] = 1;
        return true;
    }

    /// <summary>One more holder of a used or cached block.</summary>
    public void Share(int block)
    {
        if (_references[block]++ == 0)
        {
            _cached.Remove(block);
        }
    }

    /// <summary>One holder less. The last one leaves the block cached if the prefix index knows it, free otherwise.</summary>
    public void Release(int block)
    {
        if (--_references[block] > 0)
        {
            return;
        }

        if (_index.Contains(block))
        {
            _cached.AddLast(block);
        }
        else
        {
            _free.Push(block);
        }
    }

    /// <summary>Throws if a block is in no state or in two.</summary>
    public void CheckIntegrity()
    {
        var free = _free.ToHashSet();
        var cached = _cached.ToSet();
        if (free.Count != _free.Count || cached.Count != _cached.Count)
        {
            throw new InvalidOperationException("A block is listed twice.");
        }

        for (var block = 0; block < Count; block++)
        {
            var states = (free.Contains(block) ? 1 : 0) + (cached.Contains(block) ? 1 : 0) + (_references[block] > 0 ? 1 : 0);
            if (states != 1 || _references[block] < 0 || (cached.Contains(block) && !_index.Contains(block)))
            {
                throw new InvalidOperationException(
                    $"Block {block}: free {free.Contains(block)}, cached {cached.Contains(block)}, references {_references[block]}.");
            }
        }
    }
}
