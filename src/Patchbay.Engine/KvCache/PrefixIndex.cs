using System.Runtime.CompilerServices;
using Patchbay.Engine.Kernels;

namespace Patchbay.Engine.KvCache;

/// <summary>
/// Finds blocks whose keys and values are known already. A full block is found by its parent and its 16 tokens; the first
/// one's parent is a root that stands for everything else the values depend on (see <see cref="CacheRoot"/>). Keys are
/// compared as they are, not by hash: two different prefixes can never be taken for each other. A parent is named by a number
/// that is never used again, so a chain whose beginning was evicted and computed anew is not confused with the old one.
/// Called from the engine loop only.
/// </summary>
internal sealed class PrefixIndex
{
    private const int MaxRoots = 10_000;
    private const int MaxReserved = 1 << 16;

    private readonly Dictionary<CacheRoot, long> _roots = [];
    private readonly Dictionary<Key, (int Block, long Node)> _blocks;
    private readonly Dictionary<int, Key> _keys;
    private long _lastNode;

    /// <param name="blockCount">Blocks to make room for, so that adding them allocates nothing later.</param>
    public PrefixIndex(int blockCount = 0)
    {
        var room = Math.Min(blockCount, MaxReserved);
        _blocks = new Dictionary<Key, (int Block, long Node)>(room);
        _keys = new Dictionary<int, Key>(room);
    }

    /// <summary>Blocks that can be found.</summary>
    public int Count => _blocks.Count;

    /// <summary>The node that the first block of a prompt hangs on.</summary>
    public long Root(CacheRoot root)
    {
        if (!_roots.TryGetValue(root, out var node))
        {
            if (_roots.Count == MaxRoots)
            {
                // Blocks under forgotten roots are no longer found, and leave when their memory is needed.
                _roots.Clear();
            }

            _roots[root] = node = ++_lastNode;
        }

        return node;
    }

    /// <summary>The block that continues <paramref name="parent"/> with these tokens, and the node to go on with.</summary>
    public bool TryFind(long parent, ReadOnlySpan<int> tokens, out int block, out long node)
    {
        var found = _blocks.TryGetValue(new Key(parent, tokens), out var entry);
        (block, node) = entry;
        return found;
    }

    /// <summary>Makes a computed block findable; if an equal one is known already, that one stays. Returns the node to go on with.</summary>
    public long Add(long parent, ReadOnlySpan<int> tokens, int block)
    {
        var key = new Key(parent, tokens);
        if (_blocks.TryGetValue(key, out var entry))
        {
            return entry.Node;
        }

        _blocks[key] = (block, ++_lastNode);
        _keys[block] = key;
        return _lastNode;
    }

    public bool Contains(int block) => _keys.ContainsKey(block);

    /// <summary>Forgets a block whose memory is about to be used for something else.</summary>
    public void Remove(int block)
    {
        if (_keys.Remove(block, out var key))
        {
            _blocks.Remove(key);
        }
    }

    [InlineArray(PagedLayer.BlockTokens)]
    private struct Tokens
    {
        private int _first;
    }

    private readonly struct Key : IEquatable<Key>
    {
        private readonly long _parent;
        private readonly Tokens _tokens;

        public Key(long parent, ReadOnlySpan<int> tokens)
        {
            _parent = parent;
            tokens.CopyTo(_tokens);
        }

        public bool Equals(Key other) => _parent == other._parent && ((ReadOnlySpan<int>)_tokens).SequenceEqual(other._tokens);

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            hash.Add(_parent);
            hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes((ReadOnlySpan<int>)_tokens));
            return hash.ToHashCode();
        }
    }
}

/// <summary>Everything beside the tokens that keys and values depend on.</summary>
/// <param name="Version">Digest of the adapter version, or of a composition; null is the base model.</param>
/// <param name="Salt">Keeps tenants apart; null is shared.</param>
/// <param name="Node">
/// What it continues: 0 for the beginning of a prompt, else a node of the base model's blocks after which an adapter begins to act.
/// </param>
/// <param name="Start">Position from which on the adapter acts.</param>
internal readonly record struct CacheRoot(string? Version, string? Salt, long Node = 0, int Start = 0);
