namespace Patchbay.Engine.Tensors;

/// <summary>
/// Scratch memory of one forward pass, handed out from the front and given back all at once. Grows between passes, never
/// inside one that has run before with as many tokens; so the steady state allocates nothing.
/// </summary>
internal sealed unsafe class Arena : IDisposable
{
    private readonly List<NativeBuffer> _chunks = [];
    private int _chunk;
    private long _used;

    /// <summary>Bytes held.</summary>
    public long Capacity => _chunks.Sum(chunk => chunk.Length);

    /// <summary>Uninitialised activations; valid until <see cref="Release"/> to an earlier mark.</summary>
    public Matrix Rent(int rows, int columns) => new((float*)RentBytes((long)rows * columns * sizeof(float)), rows, columns);

    public byte* RentBytes(long length)
    {
        var needed = (length + 127) & ~63L;
        while (_chunk < _chunks.Count && _used + needed > _chunks[_chunk].Length)
        {
            _chunk++;
            _used = 0;
        }

        if (_chunk == _chunks.Count)
        {
            _chunks.Add(new NativeBuffer(Math.Max(needed, 1 << 20)));
            _used = 0;
        }

        var data = _chunks[_chunk].Data + _used;
        _used += needed;
        return data;
    }

    public Mark Save() => new(_chunk, _used);

    public void Release(Mark mark) => (_chunk, _used) = (mark.Chunk, mark.Used);

    public void Dispose()
    {
        foreach (var chunk in _chunks)
        {
            chunk.Dispose();
        }

        _chunks.Clear();
    }

    internal readonly record struct Mark(int Chunk, long Used);
}
