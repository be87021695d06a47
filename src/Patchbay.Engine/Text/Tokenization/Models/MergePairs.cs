using System.Buffers;

namespace Patchbay.Engine.Text.Tokenization.Models;

/// <summary>
/// Merges neighbours in a row of symbols, lowest rank first and leftmost among equals. Short rows are searched anew for each
/// merge, which beats any queue up to a few dozen symbols; long rows use a heap.
/// </summary>
internal static class MergePairs
{
    private const int LongestScanned = 48;

    /// <returns>How many symbols are left at the front of the row.</returns>
    public static int Run(MergeTable merges, Span<int> symbols) => symbols.Length switch
    {
        < 2 => symbols.Length,
        <= LongestScanned => Scan(merges, symbols),
        _ => MergeByHeap(merges, symbols),
    };

    private static int Scan(MergeTable merges, Span<int> symbols)
    {
        Span<int> ranks = stackalloc int[LongestScanned];
        Span<int> results = stackalloc int[LongestScanned];
        var count = symbols.Length;
        for (var i = 0; i + 1 < count; i++)
        {
            ranks[i] = merges.Find(symbols[i], symbols[i + 1], out results[i]);
        }

        while (count > 1)
        {
            var best = 0;
            for (var i = 1; i + 1 < count; i++)
            {
                if (ranks[i] < ranks[best])
                {
                    best = i;
                }
            }

            if (ranks[best] == int.MaxValue)
            {
                break;
            }

            symbols[best] = results[best];
            symbols[(best + 2)..count].CopyTo(symbols[(best + 1)..]);
            ranks[(best + 1)..(count - 1)].CopyTo(ranks[best..]);
            results[(best + 1)..(count - 1)].CopyTo(results[best..]);
            count--;
            if (best > 0)
            {
                ranks[best - 1] = merges.Find(symbols[best - 1], symbols[best], out results[best - 1]);
            }

            if (best + 1 < count)
            {
                ranks[best] = merges.Find(symbols[best], symbols[best + 1], out results[best]);
            }
        }

        return count;
    }

    private static int MergeByHeap(MergeTable merges, Span<int> symbols)
    {
        var links = ArrayPool<Link>.Shared.Rent(symbols.Length);
        using var heap = new PairHeap(symbols.Length);
        for (var i = 0; i < symbols.Length; i++)
        {
            links[i] = new Link { Previous = i - 1, Next = i + 1 < symbols.Length ? i + 1 : -1 };
            Offer(i, symbols);
        }

        while (heap.Count > 0)
        {
            var (rank, at) = heap.Pop();
            // A pair whose symbols have changed since has another rank, a symbol that was merged away has none.
            if (links[at].Rank != (int)rank)
            {
                continue;
            }

            var right = links[at].Next;
            symbols[at] = links[at].Merged;
            links[right].Rank = int.MaxValue;
            links[at].Next = links[right].Next;
            if (links[at].Next >= 0)
            {
                links[links[at].Next].Previous = at;
            }

            Offer(at, symbols);
            if (links[at].Previous >= 0)
            {
                Offer(links[at].Previous, symbols);
            }
        }

        var count = 0;
        for (var i = 0; i >= 0; i = links[i].Next)
        {
            symbols[count++] = symbols[i];
        }

        ArrayPool<Link>.Shared.Return(links);
        return count;

        void Offer(int at, Span<int> row)
        {
            ref var link = ref links[at];
            link.Rank = link.Next < 0 ? int.MaxValue : merges.Find(row[at], row[link.Next], out link.Merged);
            if (link.Rank != int.MaxValue)
            {
                heap.Push((uint)link.Rank, at);
            }
        }
    }

    private struct Link
    {
        public int Previous;
        public int Next;
        public int Rank;
        public int Merged;
    }
}
