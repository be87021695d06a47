using Patchbay.Engine.Kernels;

namespace Patchbay.Engine.KvCache;

/// <summary>
/// The blocks of one sequence, in order of positions. Owns one reference to each. A sequence that passes through layers several
/// times has several blocks for the same positions, one for each copy.
/// </summary>
/// <param name="pool">Where blocks come from.</param>
/// <param name="copyCount">Blocks for the same positions.</param>
internal sealed class BlockTable(BlockPool pool, int copyCount = 1)
{
    private readonly List<int> _blocks = [];

    /// <summary>Blocks of one copy.</summary>
    public int Count => _blocks.Count / copyCount;

    public int CopyCount => copyCount;

    /// <summary>A block of the first copy.</summary>
    public int this[int index] => _blocks[index * copyCount];

    /// <summary>Takes blocks until <paramref name="tokens"/> positions have a place. False leaves the table as it was.</summary>
    public bool TryGrow(int tokens)
    {
        var needed = ((tokens + PagedLayer.BlockTokens - 1) / PagedLayer.BlockTokens * copyCount) - _blocks.Count;
        if (needed > pool.AvailableCount)
        {
            return false;
        }

        for (; needed > 0; needed--)
        {
            _ = pool.TryAllocate(out var block);
            _blocks.Add(block);
        }

        return true;
    }

    /// <summary>Gives back the blocks behind the one that holds the last of <paramref name="tokens"/> positions.</summary>
    public void Shrink(int tokens)
    {
        var needed = (tokens + PagedLayer.BlockTokens - 1) / PagedLayer.BlockTokens * copyCount;
        while (_blocks.Count > needed)
        {
            pool.Release(_blocks[^1]);
            _blocks.RemoveAt(_blocks.Count - 1);
        }
    }

    /// <summary>Makes room for the numbers of blocks of this many positions, so that growing allocates nothing.</summary>
    public void Reserve(int tokens) =>
        _blocks.EnsureCapacity((tokens + PagedLayer.BlockTokens - 1) / PagedLayer.BlockTokens * copyCount);

    /// <summary>Appends a block that another sequence computed; only where there is one copy.</summary>
    public void Share(int block)
    {
        pool.Share(block);
        _blocks.Add(block);
    }

    /// <summary>Gives all blocks back, the last first: a prefix outlives its continuations in the cache.</summary>
    public void Release()
    {
        for (var i = _blocks.Count - 1; i >= 0; i--)
        {
            pool.Release(_blocks[i]);
        }

        _blocks.Clear();
    }

    /// <summary>Writes the blocks of all copies, one copy after the other.</summary>
    public unsafe void CopyTo(int* destination)
    {
        for (var i = 0; i < _blocks.Count; i++)
        {
            destination[(i % copyCount * Count) + (i / copyCount)] = _blocks[i];
        }
    }
}
