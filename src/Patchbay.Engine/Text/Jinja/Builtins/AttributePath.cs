using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Builtins;

/// <summary>The argument <c>attribute</c> of many filters: <c>'function.name'</c> or <c>'rows.0'</c>.</summary>
internal sealed class AttributePath
{
    private readonly Evaluator _evaluator;
    private readonly object?[] _parts;
    private readonly object? _otherwise;

    /// <param name="otherwise">What an undefined step yields; null keeps it undefined.</param>
    public AttributePath(Evaluator evaluator, object? attribute, object? otherwise = null)
    {
        _evaluator = evaluator;
        _otherwise = otherwise;
        _parts = PythonText.Of(attribute) is not { } text ? attribute is null ? [] : [attribute]
            : Array.ConvertAll(text.Split('.'), part => part.Length > 0 && part.All(char.IsAsciiDigit)
                ? PythonNumber.ParseInteger(part, 10L)
                : part);
    }

    public object? Get(object? item)
    {
        foreach (var part in _parts)
        {
            _evaluator.Budget.Step();
            item = Members.GetItem(_evaluator, item, part);
            if (item is UndefinedValue && _otherwise is not null)
            {
                item = _otherwise;
            }
        }

        return item;
    }
}
