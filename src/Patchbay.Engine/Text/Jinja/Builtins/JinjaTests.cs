using System.Numerics;
using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Builtins;

/// <summary>A test: what stands left of <c>is</c>, then the arguments.</summary>
internal delegate bool TestFunction(Evaluator evaluator, object? value, Arguments arguments);

/// <summary>Jinja's tests by name.</summary>
internal static class JinjaTests
{
    private static readonly Dictionary<string, TestFunction> s_all = new()
    {
        ["defined"] = (_, value, _) => value is not UndefinedValue,
        ["undefined"] = (_, value, _) => value is UndefinedValue,
        ["none"] = (_, value, _) => value is null,
        ["boolean"] = (_, value, _) => value is bool,
        ["true"] = (_, value, _) => value is true,
        ["false"] = (_, value, _) => value is false,
        ["integer"] = (_, value, _) => value is long or BigInteger,
        ["float"] = (_, value, _) => value is double,
        ["number"] = (_, value, _) => PythonNumber.IsNumber(value),
        ["string"] = (_, value, _) => value is string or MarkupValue,
        ["mapping"] = (_, value, _) => value is DictValue,
        ["sequence"] = (_, value, _) => value is string or MarkupValue or SequenceValue or DictValue or RangeValue or UndefinedValue or BytesValue,
        ["iterable"] = (evaluator, value, _) => Iteration.TryGet(value, evaluator.Budget) is not null,
        ["callable"] = (_, value, _) => value is ICallable or UndefinedValue,
        ["escaped"] = (_, value, _) => value is MarkupValue,
        ["lower"] = (evaluator, value, _) => CharacterMethods.IsLower(Text(evaluator, value)),
        ["upper"] = (evaluator, value, _) => CharacterMethods.IsUpper(Text(evaluator, value)),
        ["odd"] = (evaluator, value, _) => Equality.AreEqual(Modulo(evaluator, value, 2L), 1L, evaluator.Budget),
        ["even"] = (evaluator, value, _) => Equality.AreEqual(Modulo(evaluator, value, 2L), 0L, evaluator.Budget),
        ["divisibleby"] = (evaluator, value, arguments) =>
            Equality.AreEqual(Modulo(evaluator, value, Other("divisibleby", "num", arguments)), 0L, evaluator.Budget),
        ["filter"] = (_, value, _) => PythonText.Of(value) is { } name && Filters.Find(name) is not null,
        ["test"] = (_, value, _) => PythonText.Of(value) is { } name && Find(name) is not null,
        ["sameas"] = (_, value, arguments) => IsSame(value, Other("sameas", "other", arguments)),
        ["in"] = (evaluator, value, arguments) => Equality.Contains(Other("in", "seq", arguments), value, evaluator.Budget),
        ["eq"] = IsEqual,
        ["equalto"] = IsEqual,
        ["=="] = IsEqual,
        ["ne"] = IsNotEqual,
        ["!="] = IsNotEqual,
        ["lt"] = IsLess,
        ["lessthan"] = IsLess,
        ["<"] = IsLess,
        ["le"] = IsLessOrEqual,
        ["<="] = IsLessOrEqual,
        ["gt"] = IsGreater,
        ["greaterthan"] = IsGreater,
        [">"] = IsGreater,
        ["ge"] = IsGreaterOrEqual,
        [">="] = IsGreaterOrEqual,
    };

    public static TestFunction? Find(string name) => s_all.GetValueOrDefault(name);

    private static object? Other(string test, string parameter, Arguments arguments)
    {
        arguments.Accept(test, 1, parameter);
        return arguments.Get(0, parameter);
    }

    private static string Text(Evaluator evaluator, object? value)
    {
        var text = PythonFormat.Str(value, evaluator.Budget);
        evaluator.Budget.Scan(text.Length);
        return text;
    }

    private static object Modulo(Evaluator evaluator, object? value, object? divisor) =>
        Operators.Apply(BinaryOperator.Modulo, value, divisor, evaluator.Budget);

    /// <summary>Identity; small numbers and texts of one's own making count as identical when they are equal.</summary>
    private static bool IsSame(object? value, object? other) => ReferenceEquals(value, other)
        || (value is not null && other is not null && value.GetType() == other.GetType() && value is bool or long or string && value.Equals(other));

    private static bool IsEqual(Evaluator evaluator, object? value, Arguments arguments) =>
        Equality.AreEqual(value, Other("eq", "other", arguments), evaluator.Budget);

    private static bool IsNotEqual(Evaluator evaluator, object? value, Arguments arguments) => !IsEqual(evaluator, value, arguments);

    private static bool IsLess(Evaluator evaluator, object? value, Arguments arguments) => Order(evaluator, value, arguments, "<") < 0;

    private static bool IsLessOrEqual(Evaluator evaluator, object? value, Arguments arguments) => Order(evaluator, value, arguments, "<=") <= 0;

    private static bool IsGreater(Evaluator evaluator, object? value, Arguments arguments) => Order(evaluator, value, arguments, ">") > 0;

    private static bool IsGreaterOrEqual(Evaluator evaluator, object? value, Arguments arguments) => Order(evaluator, value, arguments, ">=") >= 0;

    private static int Order(Evaluator evaluator, object? value, Arguments arguments, string operation) =>
        Equality.Order(value, Other(operation, "other", arguments), operation, evaluator.Budget);
}
