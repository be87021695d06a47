using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Builtins;

/// <summary>Filters on lists and other things that can be iterated.</summary>
internal static class SequenceFilters
{
    public static object? Length(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("length", 0);
        return Boxed.Integer(Iteration.Count(value, evaluator.Budget) ?? throw new JinjaException($"object of type '{TypeName.Of(value)}' has no len()"));
    }

    public static object? Default(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("default", 0, "default_value", "boolean");
        return value is UndefinedValue || (arguments.GetFlag(1, "boolean") && !Truth.Of(value))
            ? arguments.Get(0, "default_value", "")
            : value;
    }

    public static object? List(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("list", 0);
        return value as ListValue ?? new ListValue(Iteration.ToArray(value, evaluator.Budget));
    }

    public static object? First(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("first", 0);
        foreach (var item in Iteration.Of(value, evaluator.Budget))
        {
            return item;
        }

        return UndefinedValue.Because("No first item, sequence was empty.");
    }

    public static object? Last(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("last", 0);
        if (value is UndefinedValue)
        {
            return UndefinedValue.Because("No last item, sequence was empty.");
        }

        if (value is GeneratorValue)
        {
            throw new JinjaException($"'{TypeName.Of(value)}' object is not reversible");
        }

        var last = Members.GetItem(evaluator, value is DictValue or DictViewValue ? List(evaluator, value, Arguments.None) : value, -1L);
        return last is not UndefinedValue ? last
            : Iteration.Count(value, evaluator.Budget) is null ? throw new JinjaException($"'{TypeName.Of(value)}' object is not reversible")
            : UndefinedValue.Because("No last item, sequence was empty.");
    }

    public static object? Reverse(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("reverse", 0);
        var budget = evaluator.Budget;
        if (PythonText.Of(value) is not null)
        {
            return Slicing.Slice(value, null, null, -1L, budget);
        }

        var items = (Iteration.TryGet(value, budget) is null
            ? throw new JinjaException("argument must be iterable")
            : Iteration.ToArray(value, budget)).AsEnumerable().Reverse();
        return value is GeneratorValue ? new ListValue([.. items]) : new GeneratorValue("reversed", budget, items);
    }

    public static object? Join(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("join", 0, "d", "attribute");
        var budget = evaluator.Budget;
        var attribute = arguments.Get(1, "attribute");
        var items = Iteration.Of(value, budget);
        if (attribute is not null)
        {
            var path = new AttributePath(evaluator, attribute);
            items = items.Select(path.Get);
        }

        var separator = arguments.Get(0, "d", "");
        if (evaluator.AutoEscape)
        {
            var all = items.ToList();
            if (separator is MarkupValue || all.Any(item => item is MarkupValue))
            {
                var escaped = all.Select(item => (object?)MarkupValue.Escape(item, budget)).ToArray();
                return new MarkupValue(StringMethods.Join(MarkupValue.Escape(separator, budget), new ListValue(escaped), budget));
            }

            items = all;
        }

        var separatorText = PythonFormat.Str(separator, budget);
        var text = new TextBuilder(budget);
        var isFirst = true;
        foreach (var item in items)
        {
            text.Append(isFirst ? "" : separatorText).Append(PythonFormat.Str(item, budget));
            isFirst = false;
        }

        return text.ToString();
    }

    public static object? Items(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("items", 0);
        return new GeneratorValue("do_items", evaluator.Budget, Pairs());

        IEnumerable<object?> Pairs()
        {
            if (value is UndefinedValue)
            {
                yield break;
            }

            var dict = value as DictValue ?? throw new JinjaException("Can only get item pairs from a mapping.");
            for (var index = 0; index < dict.Count; index++)
            {
                yield return dict.EntryAt(index);
            }
        }
    }

    public static object? Sum(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("sum", 0, "attribute", "start");
        var path = arguments.Get(0, "attribute") is { } attribute ? new AttributePath(evaluator, attribute) : null;
        var total = arguments.Get(1, "start", Boxed.Integer(0));
        if (total is string or MarkupValue)
        {
            throw new JinjaException("sum() can't sum strings [use ''.join(seq) instead]");
        }

        foreach (var item in Iteration.Of(value, evaluator.Budget))
        {
            total = Operators.Apply(BinaryOperator.Add, total, path is null ? item : path.Get(item), evaluator.Budget);
        }

        return total;
    }

    public static object? Batch(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("batch", 1, "linecount", "fill_with");
        var size = arguments.GetInteger(0, "linecount", 0);
        var fill = arguments.Get(1, "fill_with");
        return new GeneratorValue("batch", evaluator.Budget, Batches());

        IEnumerable<object?> Batches()
        {
            var batch = new List<object?>();
            foreach (var item in Iteration.Of(value, evaluator.Budget))
            {
                if (batch.Count == size)
                {
                    yield return new ListValue([.. batch]);
                    batch.Clear();
                }

                evaluator.Budget.Items(1);
                batch.Add(item);
            }

            if (batch.Count > 0)
            {
                if (fill is not null && batch.Count < size)
                {
                    evaluator.Budget.Items(size - batch.Count);
                    batch.AddRange(Enumerable.Repeat(fill, (int)size - batch.Count));
                }

                yield return new ListValue([.. batch]);
            }
        }
    }

    public static object? Slice(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("slice", 1, "slices", "fill_with");
        var slices = arguments.GetInteger(0, "slices", 0);
        var fill = arguments.Get(1, "fill_with");
        if (slices == 0)
        {
            throw new JinjaException("integer division or modulo by zero");
        }

        return new GeneratorValue("slice", evaluator.Budget, Parts());

        IEnumerable<object?> Parts()
        {
            var items = Iteration.ToArray(value, evaluator.Budget);
            var (size, longer) = (items.Length / slices, items.Length % slices);
            var start = 0L;
            for (var index = 0L; index < slices; index++)
            {
                var end = start + size + (index < longer ? 1 : 0);
                var part = items[(int)start..(int)end];
                evaluator.Budget.Items(part.Length + 1);
                yield return new ListValue(fill is not null && index >= longer ? [.. part, fill] : part);
                start = end;
            }
        }
    }

    public static object? Attr(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("attr", 1, "name");
        var name = arguments.GetText(0, "name") ?? throw new JinjaException("attribute name must be string, not 'NoneType'");
        return Members.TryGetAttribute(value, name, out var found) ? found : UndefinedValue.Member(value, name);
    }
}
