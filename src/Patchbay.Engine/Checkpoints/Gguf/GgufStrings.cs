using System.Buffers.Binary;

namespace Patchbay.Engine.Checkpoints.Gguf;

/// <summary>The elements of a string array where they lie in the file, in order. Lengths were checked when the file was parsed.</summary>
internal unsafe ref struct GgufStrings(byte* data, long count)
{
    private byte* _next = data;
    private long _left = count;

    public ReadOnlySpan<byte> Current { get; private set; }

    public readonly GgufStrings GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_left == 0)
        {
            return false;
        }

        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(_next, sizeof(ulong)));
        Current = new ReadOnlySpan<byte>(_next + sizeof(ulong), length);
        _next += sizeof(ulong) + length;
        _left--;
        return true;
    }
}
