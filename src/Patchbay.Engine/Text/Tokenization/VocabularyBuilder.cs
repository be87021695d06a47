namespace Patchbay.Engine.Text.Tokenization;

/// <summary>Collects tokens in any order of their ids.</summary>
/// <param name="source">Named in refusals: the field that the tokens come from.</param>
internal sealed class VocabularyBuilder(string source)
{
    // 16 times the largest vocabularies of today; bounds what a single wild id can make us allocate.
    private const int HighestId = (1 << 22) - 1;

    private byte[] _bytes = new byte[1 << 14];
    private int[] _starts = [];
    private int[] _lengths = [];
    private int _used;
    private int _count;
    private int _size;

    public void Add(ReadOnlySpan<byte> utf8, long id)
    {
        if (id is < 0 or > HighestId)
        {
            throw new InvalidDataException($"{source}: expected ids from 0 to {HighestId}, found {id}.");
        }

        Grow((int)id + 1, utf8.Length);
        if (_starts[id] >= 0)
        {
            throw new InvalidDataException($"{source}: expected every id once, found {id} again.");
        }

        utf8.CopyTo(_bytes.AsSpan(_used));
        _starts[id] = _used;
        _lengths[id] = utf8.Length;
        _used += utf8.Length;
        _count++;
    }

    public Vocabulary Build() => _count == 0
        ? throw new InvalidDataException($"{source}: expected tokens, found none.")
        : new(_bytes.AsSpan(0, _used).ToArray(), _starts[.._size], _lengths[.._size], _count);

    private void Grow(int size, int bytes)
    {
        if (size > _starts.Length)
        {
            var grown = new int[Math.Max(size, Math.Max(1024, _starts.Length * 2))];
            Array.Fill(grown, -1);
            _starts.CopyTo(grown, 0);
            _starts = grown;
            Array.Resize(ref _lengths, grown.Length);
        }

        _size = Math.Max(_size, size);
        if (bytes > _bytes.Length - _used)
        {
            Array.Resize(ref _bytes, Math.Max(_used + bytes, (int)Math.Min(_bytes.Length * 2L, Array.MaxLength)));
        }
    }
}
