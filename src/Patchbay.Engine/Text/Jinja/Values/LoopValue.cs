using Patchbay.Engine.Text.Jinja.Python;

namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary>
/// The variable <c>loop</c>. It reads at most one item ahead, and only when asked: a loop's head may test variables
/// that its body changes.
/// </summary>
internal sealed class LoopValue : ICallable, IHasAttributes
{
    private readonly Func<object?, int, object?>? _recurse;
    private readonly int _depth;
    private IEnumerator<object?> _items;
    private int? _length;
    private bool _hasNext;
    private object? _previous;
    private object? _current;
    private object? _next;
    private object?[]? _lastChanged;

    /// <param name="items">What is iterated.</param>
    /// <param name="length">How many items there are, where that is known beforehand.</param>
    /// <param name="depth">0 for the outermost loop.</param>
    /// <param name="recurse">Renders the body for other items, one level deeper; null unless the loop is recursive.</param>
    public LoopValue(IEnumerable<object?> items, int? length, int depth, Func<object?, int, object?>? recurse)
    {
        _items = items.GetEnumerator();
        _length = length;
        _depth = depth;
        _recurse = recurse;
    }

    private int Index0 { get; set; } = -1;

    public bool MoveNext(out object? item)
    {
        item = null;
        if (!PeekNext())
        {
            return false;
        }

        _previous = _current;
        _current = item = _next;
        _hasNext = false;
        Index0++;
        return true;
    }

    public bool TryGetAttribute(string name, out object? value)
    {
        switch (name)
        {
            case "index": value = Boxed.Integer(Index0 + 1); return true;
            case "index0": value = Boxed.Integer(Index0); return true;
            case "first": value = Boxed.Bool(Index0 == 0); return true;
            case "last": value = Boxed.Bool(!PeekNext()); return true;
            case "length": value = Boxed.Integer(Length()); return true;
            case "revindex": value = Boxed.Integer(Length() - Index0); return true;
            case "revindex0": value = Boxed.Integer(Length() - Index0 - 1); return true;
            case "depth": value = Boxed.Integer(_depth + 1); return true;
            case "depth0": value = Boxed.Integer(_depth); return true;
            case "previtem":
                value = Index0 == 0 ? UndefinedValue.Because("there is no previous item") : _previous;
                return true;
            case "nextitem":
                value = PeekNext() ? _next : UndefinedValue.Because("there is no next item");
                return true;
            case "cycle": value = new FunctionValue("cycle", "method", (_, arguments) => Cycle(arguments.Positional)); return true;
            case "changed": value = new FunctionValue("changed", "method", (evaluator, arguments) => Changed(evaluator, arguments.Positional)); return true;
            default: value = null; return false;
        }
    }

    public object? Call(Evaluator evaluator, Arguments arguments)
    {
        arguments.Accept("loop", 1, "iterable");
        return _recurse is null
            ? throw new JinjaException("The loop must have the 'recursive' marker to be called recursively.")
            : _recurse(arguments.Get(0, "iterable"), _depth + 1);
    }

    public override string ToString() => $"<LoopContext {Index0 + 1}/{Length()}>";

    private bool PeekNext()
    {
        if (!_hasNext && _items.MoveNext())
        {
            _next = _items.Current;
            _hasNext = true;
        }

        return _hasNext;
    }

    private int Length()
    {
        if (_length is null)
        {
            var rest = new List<object?>();
            while (_items.MoveNext())
            {
                rest.Add(_items.Current);
            }

            _length = rest.Count + Index0 + 1 + (_hasNext ? 1 : 0);
            _items = rest.GetEnumerator();
        }

        return _length.Value;
    }

    private object? Cycle(object?[] values) => values.Length == 0
        ? throw new JinjaException("no items for cycling given")
        : values[Index0 % values.Length];

    private object Changed(Evaluator evaluator, object?[] values)
    {
        var same = _lastChanged is not null && Equality.AreEqual(new TupleValue(_lastChanged), new TupleValue(values), evaluator.Budget);
        _lastChanged = values;
        return Boxed.Bool(!same);
    }
}
