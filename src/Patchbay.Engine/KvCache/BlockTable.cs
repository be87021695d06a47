using Patchbay.Engine.Kernels;

namespace Patchbay.Engine.KvCache;

/// <summary>The blocks of one sequence, in order of positions. Owns one reference to each.</summary>
internal sealed class BlockTable(BlockPool pool)
{
    private readonly List<int> _blocks = [];

    public int Count => _blocks.Count;

    public int this[int index] => _blocks[index];

    /// <summary>Takes blocks until <paramref name="tokens"/> positions have a place. False leaves the table as it was.</summary>
    public bool TryGrow(int tokens)
    {
        var needed = (tokens + PagedLayer.BlockTokens - 1) / PagedLayer.BlockTokens - _blocks.Count;
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

    /// <summary>Appends a block that another sequence computed.</summary>
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

    public unsafe void CopyTo(int* destination)
    {
        for (var i = 0; i < _blocks.Count; i++)
        {
            destination[i] = _blocks[i];
        }
    }
}
