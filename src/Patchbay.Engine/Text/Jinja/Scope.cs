namespace Patchbay.Engine.Text.Jinja;

/// <summary>
/// Variables of one block. Reading goes outwards through the parents; writing stays here, which is why a loop's body
/// cannot change a variable outside it.
/// </summary>
internal sealed class Scope(Scope? parent)
{
    private const int MaxLinear = 16;

    private string[] _names = [];
    private object?[] _values = [];
    private int _count;
    private Dictionary<string, int>? _index;

    public void Set(string name, object? value)
    {
        var at = Find(name);
        if (at >= 0)
        {
            _values[at] = value;
            return;
        }

        if (_count == _names.Length)
        {
            Array.Resize(ref _names, _count == 0 ? 4 : _count * 2);
            Array.Resize(ref _values, _names.Length);
        }

        _names[_count] = name;
        _values[_count] = value;
        _index?.Add(name, _count);
        if (++_count > MaxLinear && _index is null)
        {
            _index = [];
            for (var index = 0; index < _count; index++)
            {
                _index.Add(_names[index], index);
            }
        }
    }

    public bool TryGet(string name, out object? value)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            var at = scope.Find(name);
            if (at >= 0)
            {
                value = scope._values[at];
                return true;
            }
        }

        value = null;
        return false;
    }

    private Scope? Parent { get; } = parent;

    private int Find(string name)
    {
        if (_index is not null)
        {
            return _index.TryGetValue(name, out var at) ? at : -1;
        }

        for (var index = 0; index < _count; index++)
        {
            if (_names[index] == name)
            {
                return index;
            }
        }

        return -1;
    }
}
