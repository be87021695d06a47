using System.Numerics;

namespace Patchbay.Engine.Text.Tokenization.Models;

/// <summary>Which pairs of tokens merge, how early, and into what. One flat table, since every piece asks it many times.</summary>
internal sealed class MergeTable
{
    // See Vocabulary: bounds what crafted merges can cost.
    private const int LongestChain = 4096;

    private readonly Slot[] _slots;
    private readonly int _shift;

    public MergeTable(ReadOnlySpan<Merge> merges)
    {
        var bits = Math.Max(4, BitOperations.Log2((uint)Math.Max(1, merges.Length)) + 2);
        _slots = new Slot[1 << bits];
        _shift = 64 - bits;
        for (var rank = 0; rank < merges.Length; rank++)
        {
            Insert(merges[rank], rank);
        }
    }

    /// <summary>The rank of a merge (lower goes first) and the token it makes; int.MaxValue when the pair never merges.</summary>
    public int Find(int left, int right, out int merged)
    {
        var key = Key(left, right);
        var mask = _slots.Length - 1;
        for (var slot = Start(key); ; slot = (slot + 1) & mask)
        {
            ref readonly var entry = ref _slots[slot];
            if (entry.Key == key)
            {
                merged = entry.Merged;
                return entry.Rank;
            }

            if (entry.Key == 0)
            {
                merged = -1;
                return int.MaxValue;
            }
        }
    }

    // Left ids are stored plus one, so that 0 means a free slot.
    private static ulong Key(int left, int right) => ((ulong)(uint)(left + 1) << 32) | (uint)right;

    private int Start(ulong key) => (int)((key * 0x9E3779B97F4A7C15) >> _shift);

    private void Insert(Merge merge, int rank)
    {
        var key = Key(merge.Left, merge.Right);
        var mask = _slots.Length - 1;
        var slot = Start(key);
        for (var steps = 0; _slots[slot].Key != 0 && _slots[slot].Key != key; slot = (slot + 1) & mask)
        {
            if (++steps > LongestChain)
            {
                throw new InvalidDataException($"merges: expected pairs that spread over a hash table, found {steps} in one chain.");
            }
        }

        // A pair that is listed twice has the rank of its last place, as in the original.
        _slots[slot] = new Slot { Key = key, Rank = rank, Merged = merge.Merged };
    }

    private struct Slot
    {
        public ulong Key;
        public int Rank;
        public int Merged;
    }
}
