namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary><c>cycler('odd', 'even')</c>: <c>next()</c> goes round its items.</summary>
internal sealed class CyclerValue(object?[] items) : IHasAttributes
{
    private int _position;

    public bool TryGetAttribute(string name, out object? value)
    {
        value = name switch
        {
            "current" => items[_position],
            "next" => new FunctionValue("next", "method", (_, _) => Next()),
            "reset" => new FunctionValue("reset", "method", (_, _) => Reset()),
            _ => null,
        };
        return name is "current" or "next" or "reset";
    }

    private object? Next()
    {
        var item = items[_position];
        _position = (_position + 1) % items.Length;
        return item;
    }

    private object? Reset()
    {
        _position = 0;
        return null;
    }
}
