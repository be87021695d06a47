using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Builtins;

/// <summary>The methods of strings, lists, tuples and dicts that leave their object as it is.</summary>
internal static class Methods
{
    public static bool Exists(object target, string name) => target switch
    {
        string or MarkupValue => StringMethods.Exists(name),
        DictValue => name is "get" or "items" or "keys" or "values" or "copy" or "fromkeys",
        ListValue => name is "index" or "count" or "copy",
        TupleValue or RangeValue => name is "index" or "count",
        FunctionValue { Name: "dict" } => name is "fromkeys",
        _ => false,
    };

    /// <summary>Methods that would change their object.</summary>
    public static bool IsForbidden(object? target, string name) => target switch
    {
        DictValue => name is "clear" or "pop" or "popitem" or "setdefault" or "update",
        ListValue => name is "append" or "clear" or "pop" or "reverse" or "insert" or "sort" or "extend" or "remove",
        _ => false,
    };

    public static object? Call(Evaluator evaluator, object target, string name, Arguments arguments) => target switch
    {
        string text => StringMethods.Call(evaluator, text, name, arguments),
        MarkupValue markup => CallOnMarkup(evaluator, markup, name, arguments),
        DictValue dict => CallOnDict(evaluator, dict, name, arguments),
        FunctionValue => FromKeys(evaluator, arguments),
        _ => CallOnSequence(evaluator, target, name, arguments),
    };

    /// <summary>A method of markup gives markup; texts that it puts in are escaped first.</summary>
    private static object? CallOnMarkup(Evaluator evaluator, MarkupValue markup, string name, Arguments arguments)
    {
        var budget = evaluator.Budget;
        if (name is "format" or "replace")
        {
            arguments = new Arguments(
                Array.ConvertAll(arguments.Positional, EscapeText),
                Array.ConvertAll(arguments.Named, pair => new KeyValuePair<string, object?>(pair.Key, EscapeText(pair.Value))));
        }
        else if (name == "join" && arguments.Positional.Length == 1)
        {
            var items = Iteration.Of(arguments.Positional[0], budget).Select(item => (object?)MarkupValue.Escape(item, budget));
            arguments = new Arguments([new ListValue([.. items])], []);
        }

        return AsMarkup(StringMethods.Call(evaluator, markup.Text, name, arguments));

        object? EscapeText(object? value) => value is string ? MarkupValue.Escape(value, budget) : value;

        static object? AsMarkup(object? value) => value switch
        {
            string text => new MarkupValue(text),
            SequenceValue sequence => sequence.With(Array.ConvertAll(sequence.Items, AsMarkup)),
            _ => value,
        };
    }

    private static object? CallOnDict(Evaluator evaluator, DictValue dict, string name, Arguments arguments)
    {
        switch (name)
        {
            case "get":
                arguments.Accept("get", 1, "key", "default");
                evaluator.Budget.Key(arguments.Get(0, "key"));
                return dict.TryGet(arguments.Get(0, "key"), out var value) ? value : arguments.Get(1, "default");
            case "fromkeys":
                return FromKeys(evaluator, arguments);
        }

        arguments.Accept(name, 0);
        return name switch
        {
            "items" => new DictViewValue(dict, DictViewKind.Items),
            "keys" => new DictViewValue(dict, DictViewKind.Keys),
            "values" => new DictViewValue(dict, DictViewKind.Values),
            // Nothing can change a dict, so its copy is itself.
            _ => dict,
        };
    }

    private static DictValue FromKeys(Evaluator evaluator, Arguments arguments)
    {
        arguments.Accept("fromkeys", 1, "iterable", "value");
        var dict = new DictValue();
        foreach (var key in Iteration.Of(arguments.Get(0, "iterable"), evaluator.Budget))
        {
            evaluator.Budget.Items(1);
            evaluator.Budget.Key(key);
            dict.Set(key, arguments.Get(1, "value"));
        }

        return dict;
    }

    private static object? CallOnSequence(Evaluator evaluator, object target, string name, Arguments arguments)
    {
        if (name == "copy")
        {
            arguments.Accept("copy", 0);
            return target;
        }

        arguments.Accept(name, 1, "value", "start", "stop");
        var wanted = arguments.Get(0, "value");
        var length = Iteration.Count(target, evaluator.Budget)!.Value;
        var start = FromEnd(arguments.GetInteger(1, "start", 0));
        var stop = FromEnd(arguments.GetInteger(2, "stop", long.MaxValue));
        var (index, count) = (0L, 0L);
        foreach (var item in Iteration.Of(target, evaluator.Budget))
        {
            var matches = index >= start && index < stop && Equality.AreEqual(item, wanted, evaluator.Budget);
            if (matches && name == "index")
            {
                return Boxed.Integer(index);
            }

            count += matches ? 1 : 0;
            index++;
        }

        return name == "count"
            ? Boxed.Integer(count)
            : throw new JinjaException($"{PythonFormat.Repr(wanted, evaluator.Budget)} is not in {TypeName.Of(target)}");

        long FromEnd(long position) => position < 0 ? Math.Max(position + length, 0) : position;
    }
}
