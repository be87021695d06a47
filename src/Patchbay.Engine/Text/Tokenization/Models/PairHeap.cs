using System.Buffers;

namespace Patchbay.Engine.Text.Tokenization.Models;

/// <summary>Neighbouring pairs by order of merging, leftmost first among equals. A binary heap of one number per pair.</summary>
internal sealed class PairHeap(int capacity) : IDisposable
{
    private ulong[] _keys = ArrayPool<ulong>.Shared.Rent(capacity);
    private int _count;

    public int Count => _count;

    public void Push(uint rank, int position)
    {
        if (_count == _keys.Length)
        {
            var larger = ArrayPool<ulong>.Shared.Rent(_count * 2);
            _keys.AsSpan(0, _count).CopyTo(larger);
            ArrayPool<ulong>.Shared.Return(_keys);
            _keys = larger;
        }

        var key = ((ulong)rank << 32) | (uint)position;
        var i = _count++;
        while (i > 0 && _keys[(i - 1) / 2] > key)
        {
            _keys[i] = _keys[(i - 1) / 2];
            i = (i - 1) / 2;
        }

        _keys[i] = key;
    }

    public (uint Rank, int Position) Pop()
    {
        var top = _keys[0];
        var last = _keys[--_count];
        var i = 0;
        while (true)
        {
            var child = (2 * i) + 1;
            if (child >= _count)
            {
                break;
            }

            if (child + 1 < _count && _keys[child + 1] < _keys[child])
            {
                child++;
            }

            if (_keys[child] >= last)
            {
                break;
            }

            _keys[i] = _keys[child];
            i = child;
        }

        _keys[i] = last;
        return ((uint)(top >> 32), (int)(uint)top);
    }

    public void Dispose() => ArrayPool<ulong>.Shared.Return(_keys);
}
