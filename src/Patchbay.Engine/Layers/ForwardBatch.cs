using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.KvCache;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>
/// Everything one forward pass needs beside the weights: tokens in rows, grouped by sequence, sequences grouped by adapter.
/// Filled by the engine loop, read by the layers, used again for the next step.
/// </summary>
internal sealed class ForwardBatch(WorkerPool pool, KvStore kv, StateStore states) : IDisposable
{
    private readonly Dictionary<RotaryEmbedding, RotaryAngles> _angles = [];
    private PagedRows[] _sequences = new PagedRows[8];
    private int[] _rotaryLengths = new int[8];
    private (nint First, int Length)[] _tables = new (nint, int)[8];
    private LoraAdapter? _stacked;

    public WorkerPool Pool => pool;

    public KvStore Kv => kv;

    /// <summary>The states of recurrent layers.</summary>
    public StateStore States => states;

    /// <summary>Scratch memory of the layers; each gives back what it took.</summary>
    public Arena Arena { get; } = new();

    /// <summary>Memory of things that all layers share, for the whole pass.</summary>
    public Arena PassArena { get; } = new();

    /// <summary>The token of each row.</summary>
    public List<int> Tokens { get; } = [];

    /// <summary>The position of each row in its sequence.</summary>
    public List<int> Positions { get; } = [];

    /// <summary>The layers that all rows pass through; null is those of the model. Only rows of one adapter can have a stack.</summary>
    public LayerStack? Stack => _stacked?.Stack;

    /// <summary>Which adapter acts on which rows.</summary>
    public LoraRows Lora { get; } = new();

    /// <summary>What is still to be done to the outputs of linear layers; empty between them.</summary>
    public OutputChanges Changes => Products.Changes;

    /// <summary>Products of linear layers that read the same input; empty between them.</summary>
    public LinearProducts Products { get; } = new();

    public int RowCount => Tokens.Count;

    public int SequenceCount { get; private set; }

    /// <summary>The rows of each sequence; the first <see cref="SequenceCount"/> entries count.</summary>
    public PagedRows[] Sequences => _sequences;

    public void Clear()
    {
        Tokens.Clear();
        Positions.Clear();
        Lora.Clear();
        Products.Clear();
        _angles.Clear();
        _stacked = null;
        SequenceCount = 0;
        Arena.Release(default);
        PassArena.Release(default);
    }

    /// <summary>Appends the next rows of one sequence.</summary>
    /// <param name="tokens">Their tokens.</param>
    /// <param name="position">Position of the first of them.</param>
    /// <param name="blocks">Where the sequence's keys and values are.</param>
    /// <param name="adapter">The adapter that acts on them; null is the base model.</param>
    /// <param name="adapterStart">Position from which on it acts.</param>
    /// <param name="rotaryLength">Sequence length that rotary angles are made for, where they depend on it; else 0.</param>
    /// <param name="stateSlot">The sequence's slot of recurrent state, or -1.</param>
    public void Add(
        ReadOnlySpan<int> tokens, int position, BlockTable blocks, LoraAdapter? adapter, int adapterStart, int rotaryLength, int stateSlot = -1)
    {
        var firstRow = RowCount;
        foreach (var token in tokens)
        {
            Positions.Add(position + RowCount - firstRow);
            Tokens.Add(token);
        }

        if (SequenceCount == _sequences.Length)
        {
            Array.Resize(ref _sequences, 2 * SequenceCount);
            Array.Resize(ref _rotaryLengths, 2 * SequenceCount);
            Array.Resize(ref _tables, 2 * SequenceCount);
        }

        _tables[SequenceCount] = Table(blocks);
        _sequences[SequenceCount] = new PagedRows(firstRow, tokens.Length, position, _tables[SequenceCount].First, stateSlot);
        _rotaryLengths[SequenceCount++] = rotaryLength;
        var unchanged = Math.Clamp(adapterStart - position, 0, tokens.Length);
        Lora.Add(adapter, firstRow + unchanged, tokens.Length - unchanged);
        if (adapter?.Stack is not null)
        {
            _stacked = adapter;
        }
    }

    /// <summary>Lets the rows of the batch see what one layer of <see cref="Stack"/> sees: its changes, its copy of keys and values.</summary>
    public void Enter(StackedLayer layer) => Use(layer.Adapter, layer.Copy);

    /// <summary>Ends the last <see cref="Enter"/>.</summary>
    public void Leave() => Use(_stacked!, 0);

    /// <summary>Cosines and sines of every row, computed once a step and shared by all layers that turn by the same angles.</summary>
    public RotaryAngles Angles(RotaryEmbedding rotary)
    {
        if (!_angles.TryGetValue(rotary, out var angles))
        {
            angles = rotary.Compute(this, _rotaryLengths);
            _angles.Add(rotary, angles);
        }

        return angles;
    }

    public void Dispose()
    {
        Arena.Dispose();
        PassArena.Dispose();
    }

    private unsafe void Use(LoraAdapter adapter, int copy)
    {
        Lora.Clear();
        Lora.Add(adapter, 0, RowCount);
        for (var i = 0; i < SequenceCount; i++)
        {
            _sequences[i] = _sequences[i] with { Blocks = _tables[i].First + ((nint)copy * _tables[i].Length * sizeof(int)) };
        }
    }

    // The blocks of all copies, one copy after the other.
    private unsafe (nint First, int Length) Table(BlockTable blocks)
    {
        var table = (int*)PassArena.RentBytes((long)blocks.Count * blocks.CopyCount * sizeof(int));
        blocks.CopyTo(table);
        return ((nint)table, blocks.Count);
    }
}
