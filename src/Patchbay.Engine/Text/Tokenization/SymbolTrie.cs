using System.Numerics;

namespace Patchbay.Engine.Text.Tokenization;

/// <summary>A prefix tree over bytes or UTF-16 units, kept as one hash table of its edges. Node 0 is the root.</summary>
internal sealed class SymbolTrie
{
    private ulong[] _edges = new ulong[64];  // (parent + 1) << 16 | symbol; 0 is free
    private int[] _children = new int[64];
    private int[] _values = [-1];
    private int _nodes = 1;

    /// <summary>The node that an edge leads to, -1 when there is none.</summary>
    public int Step(int node, int symbol)
    {
        var edge = ((ulong)(uint)(node + 1) << 16) | (uint)symbol;
        for (var slot = Slot(edge); ; slot = (slot + 1) & (_edges.Length - 1))
        {
            if (_edges[slot] == edge)
            {
                return _children[slot];
            }

            if (_edges[slot] == 0)
            {
                return -1;
            }
        }
    }

    /// <summary>What ends at a node, -1 when nothing does.</summary>
    public int ValueAt(int node) => _values[node];

    /// <summary>The node behind an edge, made if it is missing.</summary>
    public int Grow(int node, int symbol)
    {
        var child = Step(node, symbol);
        if (child >= 0)
        {
            return child;
        }

        // At most half full, so that searches for missing edges stay short.
        if (_nodes * 2 > _edges.Length)
        {
            Enlarge();
        }

        child = _nodes++;
        if (child == _values.Length)
        {
            Array.Resize(ref _values, _values.Length * 2);
        }

        _values[child] = -1;
        Insert(((ulong)(uint)(node + 1) << 16) | (uint)symbol, child);
        return child;
    }

    public void SetValue(int node, int value) => _values[node] = value;

    private int Slot(ulong edge) => (int)((edge * 0x9E3779B97F4A7C15) >> (64 - BitOperations.Log2((uint)_edges.Length)));

    private void Insert(ulong edge, int child)
    {
        var slot = Slot(edge);
        while (_edges[slot] != 0)
        {
            slot = (slot + 1) & (_edges.Length - 1);
        }

        _edges[slot] = edge;
        _children[slot] = child;
    }

    private void Enlarge()
    {
        var (edges, children) = (_edges, _children);
        _edges = new ulong[edges.Length * 2];
        _children = new int[edges.Length * 2];
        for (var i = 0; i < edges.Length; i++)
        {
            if (edges[i] != 0)
            {
                Insert(edges[i], children[i]);
            }
        }
    }
}
