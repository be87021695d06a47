using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary><c>value[start:stop:step]</c></summary>
internal static class Slicing
{
    /// <summary>The slice; fails where the value has none.</summary>
    public static object Slice(object? value, object? start, object? stop, object? step, RenderBudget budget)
    {
        if (value is not (string or MarkupValue or SequenceValue or RangeValue))
        {
            throw value switch
            {
                UndefinedValue undefined => undefined.Fail(),
                DictValue => new JinjaException("unhashable type: 'slice'"),
                _ => new JinjaException($"'{TypeName.Of(value)}' object is not subscriptable"),
            };
        }

        var (first, count, stride) = Resolve(Iteration.Count(value, budget)!.Value, start, stop, step);
        switch (value)
        {
            case string text:
                return SliceText(text, first, count, stride, budget);
            case MarkupValue markup:
                return new MarkupValue(SliceText(markup.Text, first, count, stride, budget));
            case SequenceValue sequence:
                budget.Items(count);
                return sequence.With(stride == 1
                    ? sequence.Items.AsSpan((int)first, (int)count).ToArray()
                    : Pick(sequence.Items, first, count, stride));
            default:
                var range = (RangeValue)value;
                return new RangeValue(range.Start + (first * range.Step), range.Start + ((first + (count * stride)) * range.Step), range.Step * stride);
        }
    }

    /// <summary>The index of the first item, how many there are, and how far apart.</summary>
    private static (long First, long Count, long Stride) Resolve(long length, object? start, object? stop, object? step)
    {
        var stride = Index(step) ?? 1;
        if (stride == 0)
        {
            throw new JinjaException("slice step cannot be zero");
        }

        var first = Bound(Index(start), stride > 0 ? 0 : length - 1);
        var end = Bound(Index(stop), stride > 0 ? length : -1);
        var distance = stride > 0 ? end - first : first - end;
        // Only steps within the text matter, and the absolute value of the smallest integer would overflow.
        stride = Math.Clamp(stride, -length - 1, length + 1);
        return (Math.Max(first, 0), distance <= 0 ? 0 : ((distance - 1) / Math.Abs(stride)) + 1, stride);

        long Bound(long? index, long otherwise) => index switch
        {
            null => otherwise,
            < 0 => Math.Max(index.Value + length, stride > 0 ? 0 : -1),
            _ => Math.Min(index.Value, stride > 0 ? length : length - 1),
        };
    }

    private static long? Index(object? value) => value switch
    {
        null => null,
        bool or long or System.Numerics.BigInteger => PythonNumber.ToIndex(value),
        UndefinedValue undefined => throw undefined.Fail(),
        _ => throw new JinjaException("slice indices must be integers or None or have an __index__ method"),
    };

    private static string SliceText(string text, long first, long count, long stride, RenderBudget budget)
    {
        budget.Scan(text.Length);
        if (stride == 1)
        {
            var from = PythonText.UnitIndex(text, first);
            var to = PythonText.UnitIndex(text, first + count);
            budget.Text(to - from);
            return text[from..to];
        }

        budget.Text(text.Length);
        if (!PythonText.HasPairs(text))
        {
            return string.Create((int)count, (text, first, stride), static (span, state) =>
            {
                for (var index = 0; index < span.Length; index++)
                {
                    span[index] = state.text[(int)(state.first + (index * state.stride))];
                }
            });
        }

        budget.Items(text.Length);
        return string.Concat(Pick(PythonText.CodePoints(text), first, count, stride));
    }

    private static T[] Pick<T>(T[] items, long first, long count, long stride)
    {
        var result = new T[count];
        for (var index = 0; index < result.Length; index++)
        {
            result[index] = items[first + (index * stride)];
        }

        return result;
    }
}
