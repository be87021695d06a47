using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Builtins;

/// <summary>
/// <c>value.name</c> and <c>value[key]</c>. What is not there gives an undefined value, as does what Python has but
/// a sandbox does not show: internals, and methods that change a list or dict.
/// </summary>
internal static class Members
{
    private static readonly HashSet<string> s_internals =
    [
        "__class__", "__init__", "__doc__", "__dir__", "__eq__", "__format__", "__getattribute__", "__hash__", "__new__",
        "__reduce__", "__repr__", "__str__", "__subclasshook__", "__getitem__", "__len__", "__iter__", "__contains__",
        "__setitem__", "__delitem__", "__call__",
    ];

    public static object? GetAttribute(Evaluator evaluator, object? target, string name) =>
        TryGetAttribute(target, name, out var value) || TryGetItem(evaluator, target, name, out value)
            ? value
            : UndefinedValue.Member(target, name);

    public static object? GetItem(Evaluator evaluator, object? target, object? key) =>
        TryGetItem(evaluator, target, key, out var value)
            || (PythonText.Of(key) is { } name && TryGetAttribute(target, name, out value))
            ? value
            : UndefinedValue.Member(target, key is MarkupValue markup ? markup.Text : key);

    /// <summary>An attribute in Python's sense; items do not count.</summary>
    public static bool TryGetAttribute(object? target, string name, out object? value)
    {
        if (target is UndefinedValue undefined)
        {
            throw undefined.Fail();
        }

        if (target is IHasAttributes owner && owner.TryGetAttribute(name, out value))
        {
            return true;
        }

        if (target is not null && Methods.Exists(target, name))
        {
            value = new MethodValue(target, name);
            return true;
        }

        var isHidden = name.StartsWith('_') ? s_internals.Contains(name) : Methods.IsForbidden(target, name);
        value = isHidden ? UndefinedValue.Unsafe(target, name) : null;
        return isHidden;
    }

    private static bool TryGetItem(Evaluator evaluator, object? target, object? key, out object? value)
    {
        value = null;
        switch (target)
        {
            case DictValue dict:
                evaluator.Budget.Key(key);
                return dict.TryGet(key, out value);
            case UndefinedValue undefined:
                throw undefined.Fail();
            case SequenceValue or RangeValue or string or MarkupValue when PythonNumber.IsInteger(key):
                return TryGetAt(evaluator, target, PythonNumber.ToIndex(key), out value);
            default:
                return false;
        }
    }

    private static bool TryGetAt(Evaluator evaluator, object target, long index, out object? value)
    {
        value = null;
        var length = Iteration.Count(target, evaluator.Budget)!.Value;
        index = index < 0 ? index + length : index;
        if (index < 0 || index >= length)
        {
            return false;
        }

        value = target switch
        {
            SequenceValue sequence => sequence.Items[index],
            RangeValue range => range.ItemAt(index),
            _ => CodePointAt(evaluator, target, index),
        };
        return true;
    }

    private static object CodePointAt(Evaluator evaluator, object target, long index)
    {
        var text = PythonText.Of(target)!;
        evaluator.Budget.Scan(text.Length);
        var at = PythonText.UnitIndex(text, index);
        var character = text.Substring(at, PythonText.WidthAt(text, at));
        return target is MarkupValue ? new MarkupValue(character) : character;
    }
}
