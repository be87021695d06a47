using System.Numerics;
using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Builtins;

/// <summary>Filters that make or change numbers.</summary>
internal static class NumberFilters
{
    public static object? Abs(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("abs", 0);
        return value switch
        {
            double number => Math.Abs(number),
            UndefinedValue undefined => throw undefined.Fail(),
            _ when PythonNumber.IsInteger(value) => Boxed.Integer(BigInteger.Abs(PythonNumber.ToBig(value))),
            _ => throw new JinjaException($"bad operand type for abs(): '{TypeName.Of(value)}'"),
        };
    }

    public static object? Int(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("int", 0, "default", "base");
        var otherwise = arguments.Get(0, "default", Boxed.Integer(0));
        if (PythonText.Of(value) is { } text)
        {
            evaluator.Budget.Scan(text.Length);
            return PythonNumber.ParseInteger(text, arguments.GetInteger(1, "base", 10))
                ?? (PythonNumber.ParseFloat(text) is { } parsed && double.IsFinite(parsed) ? PythonNumber.Truncate(parsed) : otherwise);
        }

        return value switch
        {
            double number => double.IsNaN(number) ? otherwise : PythonNumber.Truncate(number),
            UndefinedValue undefined => throw undefined.Fail(),
            _ when PythonNumber.IsInteger(value) => Boxed.Integer(PythonNumber.ToBig(value)),
            _ => otherwise,
        };
    }

    public static object? Float(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("float", 0, "default");
        if (PythonText.Of(value) is { } text)
        {
            evaluator.Budget.Scan(text.Length);
            return PythonNumber.ParseFloat(text) ?? arguments.Get(0, "default", 0.0);
        }

        return value is UndefinedValue undefined ? throw undefined.Fail()
            : PythonNumber.IsNumber(value) ? PythonNumber.ToDouble(value)
            : arguments.Get(0, "default", 0.0);
    }

    public static object? Round(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("round", 0, "precision", "method");
        var precision = (int)Math.Clamp(arguments.GetInteger(0, "precision", 0), -PythonNumber.MaxDigits, PythonNumber.MaxDigits);
        var method = arguments.GetText(1, "method", "common");
        if (method is not ("common" or "ceil" or "floor"))
        {
            throw new JinjaException("method must be common, ceil or floor");
        }

        if (!PythonNumber.IsNumber(value))
        {
            throw value is UndefinedValue undefined ? undefined.Fail() : new JinjaException($"type {TypeName.Of(value)} doesn't define __round__ method");
        }

        if (method != "common")
        {
            var power = Math.Pow(10, precision);
            var scaled = PythonNumber.ToDouble(value) * power;
            // Python goes through an integer here, which has no negative zero.
            return ((method == "ceil" ? Math.Ceiling(scaled) : Math.Floor(scaled)) + 0.0) / power;
        }

        return value is double number ? FloatFormat.Round(number, precision) : RoundInteger(PythonNumber.ToBig(value), precision);
    }

    public static object? FileSize(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("filesizeformat", 0, "binary");
        var size = PythonText.Of(value) is { } text
            ? PythonNumber.ParseFloat(text) ?? throw new JinjaException($"could not convert string to float: {PythonFormat.Repr(text)}")
            : PythonNumber.IsNumber(value) ? PythonNumber.ToDouble(value)
            : throw new JinjaException($"float() argument must be a string or a real number, not '{TypeName.Of(value)}'");
        var isBinary = arguments.GetFlag(0, "binary");
        var unit = isBinary ? 1024.0 : 1000.0;
        if (size == 1 || size < unit)
        {
            return size == 1 ? "1 Byte" : $"{PythonFormat.Str(PythonNumber.Truncate(size), evaluator.Budget)} Bytes";
        }

        const string Prefixes = "kMGTPEZY";
        var index = 0;
        for (size /= unit; size >= unit && index < Prefixes.Length - 1; size /= unit)
        {
            index++;
        }

        var prefix = isBinary ? $"{char.ToUpperInvariant(Prefixes[index])}i" : Prefixes[index].ToString();
        return double.IsFinite(size) ? $"{FloatFormat.Fixed(size, 1)} {prefix}B" : throw new JinjaException("a size must be finite");
    }

    private static object RoundInteger(BigInteger value, int precision)
    {
        if (precision >= 0)
        {
            return Boxed.Integer(value);
        }

        var unit = BigInteger.Pow(10, -precision);
        var rounded = FloatFormat.DivideToEven(BigInteger.Abs(value), unit) * unit;
        return Boxed.Integer(value.Sign < 0 ? -rounded : rounded);
    }
}
