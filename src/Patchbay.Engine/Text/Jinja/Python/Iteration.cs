using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary>What <c>for</c> and the filters walk over. Every item costs one step.</summary>
internal static class Iteration
{
    public static IEnumerable<object?> Of(object? value, RenderBudget budget) => TryGet(value, budget)
        ?? throw new JinjaException($"'{TypeName.Of(value)}' object is not iterable");

    public static IEnumerable<object?>? TryGet(object? value, RenderBudget budget) => value switch
    {
        SequenceValue sequence => Sequence(sequence.Items, budget),
        DictValue dict => View(new DictViewValue(dict, DictViewKind.Keys), budget),
        DictViewValue view => View(view, budget),
        string or MarkupValue => Characters(PythonText.Of(value)!, budget),
        RangeValue range => Range(range, budget),
        GeneratorValue generator => generator.TakeItems(),
        UndefinedValue => [],
        BytesValue bytes => Sequence([.. bytes.Bytes.Select(item => Boxed.Integer(item))], budget),
        _ => null,
    };

    /// <summary>All items in an array that the caller may keep, but not change.</summary>
    public static object?[] ToArray(object? value, RenderBudget budget)
    {
        if (value is SequenceValue sequence)
        {
            budget.Items(sequence.Items.Length);
            return sequence.Items;
        }

        var items = new List<object?>();
        foreach (var item in Of(value, budget))
        {
            budget.Items(1);
            items.Add(item);
        }

        return [.. items];
    }

    /// <summary>How many items there are; null where only walking over them would tell.</summary>
    public static int? Count(object? value, RenderBudget budget) => value switch
    {
        SequenceValue sequence => sequence.Items.Length,
        DictValue dict => dict.Count,
        DictViewValue view => view.Dict.Count,
        string or MarkupValue => CountCodePoints(PythonText.Of(value)!, budget),
        RangeValue range => (int)Math.Min(range.Count, int.MaxValue),
        BytesValue bytes => bytes.Bytes.Length,
        UndefinedValue => 0,
        _ => null,
    };

    private static int CountCodePoints(string text, RenderBudget budget)
    {
        budget.Scan(text.Length);
        return PythonText.Length(text);
    }

    private static IEnumerable<object?> Sequence(object?[] items, RenderBudget budget)
    {
        foreach (var item in items)
        {
            budget.Step();
            yield return item;
        }
    }

    private static IEnumerable<object?> View(DictViewValue view, RenderBudget budget)
    {
        for (var index = 0; index < view.Dict.Count; index++)
        {
            budget.Step();
            yield return view.ItemAt(index);
        }
    }

    private static IEnumerable<object?> Range(RangeValue range, RenderBudget budget)
    {
        for (var index = 0L; index < range.Count; index++)
        {
            budget.Step();
            yield return range.ItemAt(index);
        }
    }

    private static IEnumerable<object?> Characters(string text, RenderBudget budget)
    {
        for (var at = 0; at < text.Length;)
        {
            var width = PythonText.WidthAt(text, at);
            budget.Step();
            yield return text.Substring(at, width);
            at += width;
        }
    }
}
