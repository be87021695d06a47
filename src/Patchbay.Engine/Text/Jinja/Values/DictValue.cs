namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary>A dict: keys in the order they came. It is filled by its maker and fixed from then on.</summary>
internal sealed class DictValue
{
    /// <summary>Up to this many keys a text is compared with one by one; that is quicker than hashing it.</summary>
    private const int MaxLinear = 8;

    private object?[] _keys;
    private object?[] _values;
    private Dictionary<DictKey, int>? _index;

    public DictValue(int capacity = 4)
    {
        _keys = new object?[capacity];
        _values = new object?[capacity];
    }

    public int Count { get; private set; }

    public ReadOnlySpan<object?> Keys => _keys.AsSpan(0, Count);

    public ReadOnlySpan<object?> Values => _values.AsSpan(0, Count);

    /// <summary>Adds the entry; a key that is there keeps its place and takes the value.</summary>
    public void Set(object? key, object? value)
    {
        if (Find(key) is var at and >= 0)
        {
            _values[at] = value;
            return;
        }

        if (Count == _keys.Length)
        {
            Array.Resize(ref _keys, Math.Max(4, Count * 2));
            Array.Resize(ref _values, _keys.Length);
        }

        _keys[Count] = key;
        _values[Count] = value;
        _index?.Add(new DictKey(key), Count);
        Count++;
        if (_index is null && Count > MaxLinear)
        {
            BuildIndex();
        }
    }

    public bool TryGet(object? key, out object? value)
    {
        var at = Find(key);
        value = at < 0 ? null : _values[at];
        return at >= 0;
    }

    public TupleValue EntryAt(int index) => new([_keys[index], _values[index]]);

    private Dictionary<DictKey, int> BuildIndex()
    {
        _index = new Dictionary<DictKey, int>(Count * 2);
        for (var index = 0; index < Count; index++)
        {
            _index.Add(new DictKey(_keys[index]), index);
        }

        return _index;
    }

    private int Find(object? key)
    {
        if (_index is null && key is string text)
        {
            for (var index = 0; index < Count; index++)
            {
                if (_keys[index] is string other && text == other)
                {
                    return index;
                }
            }

            return -1;
        }

        return (_index ?? BuildIndex()).TryGetValue(new DictKey(key), out var at) ? at : -1;
    }
}
