using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Builtins;

/// <summary><c>map</c>, and the filters that keep the items which pass a test. All of them work item by item, on demand.</summary>
internal static class SelectionFilters
{
    public static object? Map(Evaluator evaluator, object? value, Arguments arguments)
    {
        return new GeneratorValue("map", evaluator.Budget, Mapped());

        IEnumerable<object?> Mapped()
        {
            if (!Truth.Of(value))
            {
                yield break;
            }

            var function = MapFunction(evaluator, arguments);
            foreach (var item in Iteration.Of(value, evaluator.Budget))
            {
                yield return function(item);
            }
        }
    }

    public static object? Select(Evaluator evaluator, object? value, Arguments arguments) => Keep("select", evaluator, value, arguments, true, false);

    public static object? Reject(Evaluator evaluator, object? value, Arguments arguments) => Keep("reject", evaluator, value, arguments, false, false);

    public static object? SelectAttr(Evaluator evaluator, object? value, Arguments arguments) => Keep("selectattr", evaluator, value, arguments, true, true);

    public static object? RejectAttr(Evaluator evaluator, object? value, Arguments arguments) => Keep("rejectattr", evaluator, value, arguments, false, true);

    private static Func<object?, object?> MapFunction(Evaluator evaluator, Arguments arguments)
    {
        if (arguments.Positional.Length == 0 && arguments.Has(0, "attribute"))
        {
            foreach (var (name, _) in arguments.Named)
            {
                if (name is not ("attribute" or "default"))
                {
                    throw new JinjaException($"Unexpected keyword argument {PythonFormat.Repr(name)}");
                }
            }

            return new AttributePath(evaluator, arguments.Get(0, "attribute"), arguments.Get(1, "default")).Get;
        }

        if (arguments.Positional.Length == 0)
        {
            throw new JinjaException("map requires a filter argument");
        }

        var filterName = PythonFormat.Str(arguments.Positional[0], evaluator.Budget);
        var filter = Filters.Find(filterName) ?? throw new JinjaException($"No filter named {PythonFormat.Repr(filterName)}.");
        var rest = arguments.Skip(1);
        return item => filter(evaluator, item, rest);
    }

    private static GeneratorValue Keep(string name, Evaluator evaluator, object? value, Arguments arguments, bool wanted, bool byAttribute)
    {
        return new GeneratorValue(name, evaluator.Budget, Kept());

        IEnumerable<object?> Kept()
        {
            if (!Truth.Of(value))
            {
                yield break;
            }

            var test = ItemTest(evaluator, arguments, byAttribute);
            foreach (var item in Iteration.Of(value, evaluator.Budget))
            {
                if (test(item) == wanted)
                {
                    yield return item;
                }
            }
        }
    }

    private static Func<object?, bool> ItemTest(Evaluator evaluator, Arguments arguments, bool byAttribute)
    {
        var path = !byAttribute ? null : arguments.Positional.Length > 0
            ? new AttributePath(evaluator, arguments.Positional[0])
            : throw new JinjaException("Missing parameter for attribute name");
        var rest = arguments.Skip(byAttribute ? 1 : 0);
        if (rest.Positional.Length == 0)
        {
            return item => Truth.Of(path is null ? item : path.Get(item));
        }

        var name = PythonFormat.Str(rest.Positional[0], evaluator.Budget);
        var test = JinjaTests.Find(name) ?? throw new JinjaException($"No test named {PythonFormat.Repr(name)}.");
        var testArguments = rest.Skip(1);
        return item => test(evaluator, path is null ? item : path.Get(item), testArguments);
    }
}
