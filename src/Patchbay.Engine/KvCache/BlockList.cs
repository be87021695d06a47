namespace Patchbay.Engine.KvCache;

/// <summary>Blocks in the order in which they were added; each is in it at most once. Allocates nothing after its construction.</summary>
/// <param name="blockCount">Blocks are numbers below it.</param>
internal sealed class BlockList(int blockCount)
{
    private const int None = -1;
    private const int NotListed = -2;

    private readonly int[] _next = NewLinks(blockCount);
    private readonly int[] _previous = NewLinks(blockCount);
    private int _last = None;

    public int Count { get; private set; }

    /// <summary>The block that was added first, or -1.</summary>
    public int First { get; private set; } = None;

    public void AddLast(int block)
    {
        if (_next[block] != NotListed)
        {
            throw new InvalidOperationException($"Block {block} is listed already.");
        }

        (_previous[block], _next[block]) = (_last, None);
        if (_last == None)
        {
            First = block;
        }
        else
        {
            _next[_last] = block;
        }

        _last = block;
        Count++;
    }

    public void Remove(int block)
    {
        var (previous, next) = (_previous[block], _next[block]);
        if (next == NotListed)
        {
            throw new InvalidOperationException($"Block {block} is not listed.");
        }

        if (previous == None)
        {
            First = next;
        }
        else
        {
            _next[previous] = next;
        }

        if (next == None)
        {
            _last = previous;
        }
        else
        {
            _previous[next] = previous;
        }

        (_previous[block], _next[block]) = (NotListed, NotListed);
        Count--;
    }

    /// <summary>All blocks, for checks.</summary>
    public HashSet<int> ToSet()
    {
        var blocks = new HashSet<int>();
        for (var block = First; block != None; block = _next[block])
        {
            blocks.Add(block);
        }

        return blocks;
    }

    private static int[] NewLinks(int count)
    {
        var links = new int[count];
        Array.Fill(links, NotListed);
        return links;
    }
}
