using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Builtins;

/// <summary>The functions that every template sees.</summary>
internal static class Globals
{
    private static readonly Dictionary<string, object> s_all = new()
    {
        ["range"] = new FunctionValue("range", "function", Range),
        ["dict"] = new FunctionValue("dict", "dict", Dict),
        ["namespace"] = new FunctionValue("namespace", "function", Namespace),
        ["raise_exception"] = new FunctionValue("raise_exception", "function", RaiseException),
        ["strftime_now"] = new FunctionValue("strftime_now", "function", StrftimeNow),
        ["cycler"] = new FunctionValue("cycler", "type", Cycler),
        ["joiner"] = new FunctionValue("joiner", "type", Joiner),
        ["lipsum"] = new FunctionValue("lipsum", "function", (_, _) =>
            throw new JinjaException("lipsum makes random text, which a prompt must not hold")),
    };

    public static bool TryGet(string name, out object? value)
    {
        var found = s_all.TryGetValue(name, out var function);
        value = function;
        return found;
    }

    private static RangeValue Range(Evaluator evaluator, Arguments arguments)
    {
        arguments.Accept("range", 1, "start", "stop", "step");
        if (arguments.Named.Length > 0)
        {
            throw new JinjaException("range() takes no keyword arguments");
        }

        var hasStop = arguments.Positional.Length > 1;
        var start = hasStop ? Bound(arguments.Positional[0]) : 0;
        var stop = Bound(arguments.Positional[hasStop ? 1 : 0]);
        var step = arguments.Positional.Length > 2 ? Bound(arguments.Positional[2]) : 1;
        if (step == 0)
        {
            throw new JinjaException("range() arg 3 must not be zero");
        }

        var range = new RangeValue(start, stop, step);
        return range.Count <= RenderLimits.MaxRange ? range : throw new JinjaException(
            $"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({RenderLimits.MaxRange}).");
    }

    private static long Bound(object? value) => value is System.Numerics.BigInteger
        ? throw new JinjaException("ranges beyond 64 bits are not supported")
        : PythonNumber.ToIndex(value);

    private static DictValue Dict(Evaluator evaluator, Arguments arguments)
    {
        var dict = new DictValue();
        Fill(evaluator, "dict", arguments, dict.Set);
        return dict;
    }

    private static NamespaceValue Namespace(Evaluator evaluator, Arguments arguments)
    {
        var space = new NamespaceValue();
        Fill(evaluator, "namespace", arguments, (key, value) =>
            space.Set(PythonText.Of(key) ?? throw new JinjaException("names of a namespace must be strings"), value));
        return space;
    }

    /// <summary>Entries of a mapping or of pairs, then the named arguments.</summary>
    private static void Fill(Evaluator evaluator, string function, Arguments arguments, Action<object?, object?> set)
    {
        var budget = evaluator.Budget;
        if (arguments.Positional.Length > 1)
        {
            throw new JinjaException($"{function} expected at most 1 argument, got {arguments.Positional.Length}");
        }

        var source = arguments.Positional.Length == 0 ? null : arguments.Positional[0] is DictValue dict
            ? new DictViewValue(dict, DictViewKind.Items)
            : arguments.Positional[0] ?? throw new JinjaException("'NoneType' object is not iterable");
        foreach (var pair in source is null ? [] : Iteration.Of(source, budget))
        {
            budget.Items(1);
            var parts = Iteration.ToArray(pair, budget);
            if (parts.Length != 2)
            {
                throw new JinjaException($"dictionary update sequence element has length {parts.Length}; 2 is required");
            }

            budget.Key(parts[0]);
            set(parts[0], parts[1]);
        }

        foreach (var (key, value) in arguments.Named)
        {
            set(key, value);
        }
    }

    private static object? RaiseException(Evaluator evaluator, Arguments arguments)
    {
        arguments.Accept("raise_exception", 1, "message");
        throw new JinjaException(PythonFormat.Str(arguments.Get(0, "message"), evaluator.Budget), ChatTemplateErrorKind.Raised);
    }

    private static string StrftimeNow(Evaluator evaluator, Arguments arguments)
    {
        arguments.Accept("strftime_now", 1, "format");
        var format = arguments.GetText(0, "format") ?? throw new JinjaException("strftime_now needs a format");
        return TimeFormat.Format(evaluator.Clock(), format, evaluator.Budget);
    }

    private static CyclerValue Cycler(Evaluator evaluator, Arguments arguments) => arguments.Positional.Length > 0
        ? new CyclerValue(arguments.Positional)
        : throw new JinjaException("at least one item has to be provided");

    private static JoinerValue Joiner(Evaluator evaluator, Arguments arguments)
    {
        arguments.Accept("joiner", 0, "sep");
        return new JoinerValue(arguments.Get(0, "sep", ", "));
    }
}
