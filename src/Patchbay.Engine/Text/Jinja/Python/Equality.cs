using System.Numerics;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary><c>==</c>, <c>in</c> and the order of values, as Python defines them.</summary>
internal static class Equality
{
    public static bool AreEqual(object? left, object? right, RenderBudget budget)
    {
        if (PythonText.Of(left) is { } leftText && PythonText.Of(right) is { } rightText)
        {
            if (leftText.Length == rightText.Length)
            {
                budget.Scan(leftText.Length);
            }

            return leftText == rightText;
        }

        switch (left, right)
        {
            case (SequenceValue a, SequenceValue b):
                return a is ListValue == b is ListValue && AreItemsEqual(a.Items, b.Items, budget);
            case (DictValue a, DictValue b):
                return AreDictsEqual(a, b, budget);
            case (DictViewValue { Kind: not DictViewKind.Values } a, DictViewValue { Kind: not DictViewKind.Values } b):
                budget.Enter();
                var equal = a.Kind == b.Kind && a.Dict.Count == b.Dict.Count && Iteration.Of(a, budget).All(item => Contains(b, item, budget));
                budget.Leave();
                return equal;
            default:
                return AreSimpleEqual(left, right);
        }
    }

    /// <summary>Equality of keys: tuples by their items, everything else by its value.</summary>
    public static bool AreKeysEqual(object? left, object? right)
    {
        if (left is TupleValue a && right is TupleValue b)
        {
            return a.Items.Length == b.Items.Length && a.Items.Zip(b.Items).All(pair => AreKeysEqual(pair.First, pair.Second));
        }

        return AreSimpleEqual(left, right);
    }

    public static bool Contains(object? container, object? item, RenderBudget budget)
    {
        switch (container)
        {
            case string or MarkupValue:
                var text = PythonText.Of(container)!;
                var part = PythonText.Of(item)
                    ?? throw new JinjaException($"'in <string>' requires string as left operand, not {TypeName.Of(item)}");
                budget.Scan(text.Length);
                return TextSearch.Find(text, part) >= 0;
            case DictValue dict:
                budget.Key(item);
                return dict.TryGet(item, out _);
            case DictViewValue { Kind: DictViewKind.Keys } keys:
                budget.Key(item);
                return keys.Dict.TryGet(item, out _);
            case DictViewValue { Kind: DictViewKind.Items } items:
                budget.Key(item);
                return item is TupleValue { Items.Length: 2 } pair && items.Dict.TryGet(pair.Items[0], out var value)
                    && AreEqual(value, pair.Items[1], budget);
            case NamespaceValue or null or bool or long or BigInteger or double or ICallable:
                throw new JinjaException($"argument of type '{TypeName.Of(container)}' is not iterable");
            default:
                foreach (var candidate in Iteration.Of(container, budget))
                {
                    if (ReferenceEquals(candidate, item) || AreEqual(candidate, item, budget))
                    {
                        return true;
                    }
                }

                return false;
        }
    }

    /// <summary>Less than zero, zero or more than zero, as <paramref name="left"/> comes before, with or after <paramref name="right"/>.</summary>
    public static int Order(object? left, object? right, string operation, RenderBudget budget)
    {
        if (PythonText.Of(left) is { } leftText && PythonText.Of(right) is { } rightText)
        {
            budget.Scan(Math.Min(leftText.Length, rightText.Length));
            return PythonText.Compare(leftText, rightText);
        }

        if (PythonNumber.IsNumber(left) && PythonNumber.IsNumber(right))
        {
            return PythonNumber.Compare(left, right);
        }

        if (left is SequenceValue a && right is SequenceValue b && a is ListValue == b is ListValue)
        {
            return OrderItems(a.Items, b.Items, operation, budget);
        }

        if ((left as UndefinedValue ?? right as UndefinedValue) is { } undefined)
        {
            throw undefined.Fail();
        }

        throw new JinjaException($"'{operation}' not supported between instances of '{TypeName.Of(left)}' and '{TypeName.Of(right)}'");
    }

    private static int OrderItems(object?[] left, object?[] right, string operation, RenderBudget budget)
    {
        budget.Enter();
        var order = left.Length.CompareTo(right.Length);
        for (var index = 0; index < Math.Min(left.Length, right.Length); index++)
        {
            budget.Step();
            if (!AreEqual(left[index], right[index], budget))
            {
                order = Order(left[index], right[index], operation, budget);
                break;
            }
        }

        budget.Leave();
        return order;
    }

    private static bool AreItemsEqual(object?[] left, object?[] right, RenderBudget budget)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        budget.Enter();
        var equal = true;
        for (var index = 0; index < left.Length && equal; index++)
        {
            budget.Step();
            equal = ReferenceEquals(left[index], right[index]) || AreEqual(left[index], right[index], budget);
        }

        budget.Leave();
        return equal;
    }

    private static bool AreDictsEqual(DictValue left, DictValue right, RenderBudget budget)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        budget.Enter();
        var equal = true;
        for (var index = 0; index < left.Count && equal; index++)
        {
            budget.Step();
            equal = right.TryGet(left.Keys[index], out var value) && AreEqual(left.Values[index], value, budget);
        }

        budget.Leave();
        return equal;
    }

    private static bool AreSimpleEqual(object? left, object? right)
    {
        if (PythonText.Of(left) is { } leftText)
        {
            return PythonText.Of(right) is { } rightText && leftText == rightText;
        }

        if (PythonNumber.IsNumber(left))
        {
            return PythonNumber.IsNumber(right) && PythonNumber.AreEqual(left, right);
        }

        return (left, right) switch
        {
            (UndefinedValue, UndefinedValue) => true,
            (RangeValue a, RangeValue b) => a.Count == b.Count && (a.Count == 0 || (a.Start == b.Start && (a.Count == 1 || a.Step == b.Step))),
            (BytesValue a, BytesValue b) => a.Bytes.AsSpan().SequenceEqual(b.Bytes),
            (MethodValue a, MethodValue b) => ReferenceEquals(a.Target, b.Target) && a.Name == b.Name,
            _ => ReferenceEquals(left, right),
        };
    }
}
