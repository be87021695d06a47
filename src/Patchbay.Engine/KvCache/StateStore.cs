using Patchbay.Engine.Kernels.Recurrent;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.KvCache;

/// <summary>
/// The memory of recurrent layers: for every running sequence a slot with a fixed number of float32 values for each layer
/// (tails of convolutions, states of scans). A slot belongs to one sequence from its admission to its end; it holds the state
/// after exactly the tokens that the sequence has computed. Called from the engine loop only.
/// </summary>
internal sealed unsafe class StateStore : IDisposable
{
    private readonly NativeBuffer _buffer;
    private readonly long[] _offsets;
    private readonly Stack<int> _free;

    /// <param name="shapes">Values that each recurrent layer keeps; empty for models without such layers.</param>
    /// <param name="slotCount">Sequences that can run at the same time.</param>
    public StateStore(IReadOnlyList<int> shapes, int slotCount)
    {
        _offsets = new long[shapes.Count];
        for (var i = 0; i < shapes.Count; i++)
        {
            _offsets[i] = SlotValues;
            SlotValues += Padded(shapes[i]);
        }

        SlotCount = slotCount;
        _buffer = NativeBuffer.Of<float>(SlotValues * slotCount);
        _free = new Stack<int>(Enumerable.Range(0, slotCount).Reverse());
    }

    public int SlotCount { get; }

    public int FreeCount => _free.Count;

    /// <summary>Whether the model has recurrent layers at all.</summary>
    public bool IsUsed => _offsets.Length > 0;

    /// <summary>Values of one slot, all layers together.</summary>
    public long SlotValues { get; }

    /// <summary>Bytes that one sequence takes.</summary>
    public static long BytesPerSlot(IReadOnlyList<int> shapes) => shapes.Sum(shape => (long)Padded(shape)) * sizeof(float);

    /// <summary>Takes a slot, set to the state before the first token.</summary>
    public bool TryTake(out int slot)
    {
        if (!_free.TryPop(out slot))
        {
            slot = -1;
            return false;
        }

        var bytes = SlotValues * sizeof(float);
        System.Runtime.InteropServices.NativeMemory.Clear(_buffer.Data + (slot * bytes), (nuint)bytes);
        return true;
    }

    public void Release(int slot) => _free.Push(slot);

    /// <summary>The states of one layer.</summary>
    public StateLayer Layer(int index) => new((nint)(_buffer.Floats + _offsets[index]), SlotValues);

    /// <summary>Throws if a slot is free twice, or not all are free; only while nothing runs.</summary>
    public void CheckIntegrity()
    {
        if (_free.Distinct().Count() != SlotCount || _free.Count != SlotCount)
        {
            throw new InvalidOperationException($"Of {SlotCount} slots, {_free.Count} are free, {_free.Distinct().Count()} of them different.");
        }
    }

    public void Dispose() => _buffer.Dispose();

    // Every layer starts on a cache line of its own.
    private static int Padded(int values) => (values + 15) & ~15;
}
