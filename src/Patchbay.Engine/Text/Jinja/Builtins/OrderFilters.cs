using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Builtins;

/// <summary>Filters that compare items. Texts are compared without regard to case unless told otherwise.</summary>
internal static class OrderFilters
{
    public static object? Sort(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("sort", 0, "reverse", "case_sensitive", "attribute");
        var isCaseSensitive = arguments.GetFlag(1, "case_sensitive");
        var attribute = arguments.Get(2, "attribute");
        var paths = PythonText.Of(attribute) is { } names
            ? Array.ConvertAll(names.Split(','), name => new AttributePath(evaluator, name))
            : [new AttributePath(evaluator, attribute)];
        return SortBy(evaluator, Iteration.ToArray(value, evaluator.Budget), arguments.GetFlag(0, "reverse"),
            item => new ListValue(Array.ConvertAll(paths, path => Key(evaluator, path.Get(item), isCaseSensitive))));
    }

    public static object? DictSort(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("dictsort", 0, "case_sensitive", "by", "reverse");
        var isCaseSensitive = arguments.GetFlag(0, "case_sensitive");
        var part = arguments.GetText(1, "by", "key") switch
        {
            "key" => 0,
            "value" => 1,
            _ => throw new JinjaException("You can only sort by either \"key\" or \"value\""),
        };
        if (value is not DictValue dict)
        {
            throw value is UndefinedValue undefined ? undefined.Fail() : new JinjaException($"'{TypeName.Of(value)}' object has no attribute 'items'");
        }

        var items = Iteration.ToArray(new DictViewValue(dict, DictViewKind.Items), evaluator.Budget);
        return SortBy(evaluator, items, arguments.GetFlag(2, "reverse"),
            item => Key(evaluator, ((TupleValue)item!).Items[part], isCaseSensitive));
    }

    public static object? Unique(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("unique", 0, "case_sensitive", "attribute");
        var isCaseSensitive = arguments.GetFlag(0, "case_sensitive");
        var path = new AttributePath(evaluator, arguments.Get(1, "attribute"));
        return new GeneratorValue("unique", evaluator.Budget, Distinct());

        IEnumerable<object?> Distinct()
        {
            var seen = new HashSet<DictKey>();
            foreach (var item in Iteration.Of(value, evaluator.Budget))
            {
                evaluator.Budget.Items(1);
                var key = Key(evaluator, path.Get(item), isCaseSensitive);
                evaluator.Budget.Key(key);
                if (seen.Add(new DictKey(key)))
                {
                    yield return item;
                }
            }
        }
    }

    public static object? Min(Evaluator evaluator, object? value, Arguments arguments) => Extreme(evaluator, value, "min", "<", arguments);

    public static object? Max(Evaluator evaluator, object? value, Arguments arguments) => Extreme(evaluator, value, "max", ">", arguments);

    public static object? GroupBy(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("groupby", 1, "attribute", "default", "case_sensitive");
        var isCaseSensitive = arguments.GetFlag(2, "case_sensitive");
        var path = new AttributePath(evaluator, arguments.Get(0, "attribute"), arguments.Get(1, "default"));
        var sorted = SortBy(evaluator, Iteration.ToArray(value, evaluator.Budget), false, item => Key(evaluator, path.Get(item), isCaseSensitive));
        var groups = new List<object?>();
        for (var start = 0; start < sorted.Items.Length;)
        {
            var key = Key(evaluator, path.Get(sorted.Items[start]), isCaseSensitive);
            var end = start + 1;
            while (end < sorted.Items.Length
                && Equality.AreEqual(Key(evaluator, path.Get(sorted.Items[end]), isCaseSensitive), key, evaluator.Budget))
            {
                end++;
            }

            groups.Add(new GroupValue(path.Get(sorted.Items[start]), new ListValue(sorted.Items[start..end])));
            start = end;
        }

        return new ListValue([.. groups]);
    }

    private static object? Extreme(Evaluator evaluator, object? value, string name, string operation, Arguments arguments)
    {
        arguments.Accept(name, 0, "case_sensitive", "attribute");
        var isCaseSensitive = arguments.GetFlag(0, "case_sensitive");
        var path = new AttributePath(evaluator, arguments.Get(1, "attribute"));
        object? best = UndefinedValue.Because("No aggregated item, sequence was empty.");
        object? bestKey = null;
        var isFirst = true;
        foreach (var item in Iteration.Of(value, evaluator.Budget))
        {
            var key = Key(evaluator, path.Get(item), isCaseSensitive);
            var order = isFirst ? 0 : Equality.Order(key, bestKey, operation, evaluator.Budget);
            if (isFirst || (operation == "<" ? order < 0 : order > 0))
            {
                (best, bestKey, isFirst) = (item, key, false);
            }
        }

        return best;
    }

    /// <summary>Equal items keep their order, in a reversed sort too.</summary>
    private static ListValue SortBy(Evaluator evaluator, object?[] items, bool isReversed, Func<object?, object?> key)
    {
        var keyed = Array.ConvertAll(items, item => (Key: key(item), Item: item));
        var sorted = StableSort.Sort(keyed, (a, b) => isReversed ? Compare(evaluator, b.Key, a.Key) : Compare(evaluator, a.Key, b.Key));
        return new ListValue(Array.ConvertAll(sorted, pair => pair.Item));
    }

    private static int Compare(Evaluator evaluator, object? a, object? b)
    {
        evaluator.Budget.Step();
        return ReferenceEquals(a, b) ? 0 : Equality.Order(a, b, "<", evaluator.Budget);
    }

    private static object? Key(Evaluator evaluator, object? value, bool isCaseSensitive)
    {
        if (isCaseSensitive || PythonText.Of(value) is not { } text)
        {
            return value;
        }

        evaluator.Budget.Text(text.Length);
        return CaseMapping.Lower(text);
    }
}
