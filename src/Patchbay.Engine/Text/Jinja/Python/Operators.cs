using System.Numerics;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary>Arithmetic, and what its operators mean for texts and lists.</summary>
internal static class Operators
{
    public static object Apply(BinaryOperator kind, object? left, object? right, RenderBudget budget)
    {
        if (PythonNumber.IsNumber(left) && PythonNumber.IsNumber(right))
        {
            return left is double || right is double
                ? Float(kind, PythonNumber.ToDouble(left), PythonNumber.ToDouble(right))
                : Integer(kind, left, right);
        }

        if ((left as UndefinedValue ?? right as UndefinedValue) is { } undefined && !(kind == BinaryOperator.Modulo && left is string))
        {
            throw undefined.Fail();
        }

        return kind switch
        {
            BinaryOperator.Add => Add(left, right, budget),
            BinaryOperator.Multiply => Repeat(left, right, budget),
            BinaryOperator.Modulo when PythonText.Of(left) is { } format => Markup(left, PercentFormat.Format(format, right, budget)),
            _ => throw Unsupported(kind, left, right),
        };
    }

    public static object Apply(UnaryOperator kind, object? operand) => operand switch
    {
        double number => kind == UnaryOperator.Negate ? -number : number,
        long or bool or BigInteger => Boxed.Integer(kind == UnaryOperator.Negate ? -PythonNumber.ToBig(operand) : PythonNumber.ToBig(operand)),
        UndefinedValue undefined => throw undefined.Fail(),
        _ => throw new JinjaException($"bad operand type for unary {(kind == UnaryOperator.Negate ? '-' : '+')}: '{TypeName.Of(operand)}'"),
    };

    private static object Add(object? left, object? right, RenderBudget budget)
    {
        if (left is string leftText && right is string rightText)
        {
            budget.Text(leftText.Length + rightText.Length);
            return leftText + rightText;
        }

        if ((left is MarkupValue && PythonText.Of(right) is not null) || (right is MarkupValue && left is string))
        {
            var head = MarkupValue.Escape(left, budget);
            var tail = MarkupValue.Escape(right, budget);
            budget.Text(head.Length + tail.Length);
            return new MarkupValue(head + tail);
        }

        if (left is SequenceValue a && right is SequenceValue b && a is ListValue == b is ListValue)
        {
            budget.Items(a.Items.Length + b.Items.Length);
            return a.With([.. a.Items, .. b.Items]);
        }

        throw left switch
        {
            string or MarkupValue => new JinjaException($"can only concatenate str (not \"{TypeName.Of(right)}\") to str"),
            ListValue or TupleValue => new JinjaException(
                $"can only concatenate {TypeName.Of(left)} (not \"{TypeName.Of(right)}\") to {TypeName.Of(left)}"),
            _ => Unsupported(BinaryOperator.Add, left, right),
        };
    }

    private static object Repeat(object? left, object? right, RenderBudget budget)
    {
        var (value, times) = PythonNumber.IsInteger(right) ? (left, right) : (right, left);
        if (!PythonNumber.IsInteger(times) || !(value is SequenceValue || PythonText.Of(value) is not null))
        {
            throw PythonText.Of(left) is not null || left is SequenceValue
                ? new JinjaException($"can't multiply sequence by non-int of type '{TypeName.Of(right)}'")
                : Unsupported(BinaryOperator.Multiply, left, right);
        }

        // Clamped so that the product with a length, which is what the budget refuses, cannot overflow.
        var count = Math.Clamp(PythonNumber.ToIndex(times), 0, int.MaxValue);
        if (value is SequenceValue sequence)
        {
            budget.Items(count * sequence.Items.Length);
            var items = new object?[count * sequence.Items.Length];
            for (var at = 0; at < items.Length; at += sequence.Items.Length)
            {
                sequence.Items.CopyTo(items, at);
            }

            return sequence.With(items);
        }

        var text = PythonText.Of(value)!;
        budget.Text(count * text.Length);
        return Markup(value, new System.Text.StringBuilder().Insert(0, text, text.Length == 0 ? 0 : (int)count).ToString());
    }

    private static object Markup(object? original, string text) => original is MarkupValue ? new MarkupValue(text) : text;

    private static object Integer(BinaryOperator kind, object? left, object? right)
    {
        if (left is long x && right is long y)
        {
            switch (kind)
            {
                case BinaryOperator.Add when !((x ^ (x + y)) < 0 && (y ^ (x + y)) < 0):
                    return Boxed.Integer(x + y);
                case BinaryOperator.Subtract when !((x ^ y) < 0 && (x ^ (x - y)) < 0):
                    return Boxed.Integer(x - y);
            }
        }

        var (a, b) = (PythonNumber.ToBig(left), PythonNumber.ToBig(right));
        if (b.IsZero && kind is BinaryOperator.Divide or BinaryOperator.FloorDivide or BinaryOperator.Modulo)
        {
            throw new JinjaException(kind switch
            {
                BinaryOperator.Divide => "division by zero",
                BinaryOperator.FloorDivide => "integer division or modulo by zero",
                _ => "integer modulo by zero",
            });
        }

        return kind switch
        {
            BinaryOperator.Add => PythonNumber.Checked(a + b),
            BinaryOperator.Subtract => PythonNumber.Checked(a - b),
            BinaryOperator.Multiply => PythonNumber.Checked(a * b),
            BinaryOperator.Divide => Divide(a, b),
            BinaryOperator.FloorDivide => PythonNumber.Checked(FloorDivide(a, b)),
            BinaryOperator.Modulo => PythonNumber.Checked(a - (FloorDivide(a, b) * b)),
            _ => Power(a, b),
        };
    }

    private static double Divide(BigInteger a, BigInteger b)
    {
        var quotient = (double)a / (double)b;
        return double.IsFinite(quotient) ? quotient : throw new JinjaException("integer division result too large for a float");
    }

    private static BigInteger FloorDivide(BigInteger a, BigInteger b)
    {
        var quotient = BigInteger.DivRem(a, b, out var remainder);
        return !remainder.IsZero && remainder.Sign != b.Sign ? quotient - 1 : quotient;
    }

    private static object Power(BigInteger value, BigInteger exponent)
    {
        if (exponent.Sign < 0)
        {
            return Float(BinaryOperator.Power, PythonNumber.ToDouble(value), PythonNumber.ToDouble(exponent));
        }

        var power = exponent > int.MaxValue ? int.MaxValue : (long)exponent;
        PythonNumber.CheckPower(value, power);
        if (value.IsZero || BigInteger.Abs(value).IsOne)
        {
            // These stay short however large the exponent is.
            return exponent.IsZero || value.IsOne || (value.Sign < 0 && exponent.IsEven) ? Boxed.Integer(1) : Boxed.Integer(value);
        }

        return PythonNumber.Checked(BigInteger.Pow(value, (int)power));
    }

    private static double Float(BinaryOperator kind, double a, double b)
    {
        if (b == 0 && kind is BinaryOperator.Divide or BinaryOperator.FloorDivide or BinaryOperator.Modulo)
        {
            throw new JinjaException(kind switch
            {
                BinaryOperator.Divide => "float division by zero",
                BinaryOperator.FloorDivide => "float floor division by zero",
                _ => "float modulo",
            });
        }

        return kind switch
        {
            BinaryOperator.Add => a + b,
            BinaryOperator.Subtract => a - b,
            BinaryOperator.Multiply => a * b,
            BinaryOperator.Divide => a / b,
            BinaryOperator.FloorDivide => FloorDivide(a, b),
            BinaryOperator.Modulo => Modulo(a, b),
            _ => Power(a, b),
        };
    }

    private static double Modulo(double a, double b)
    {
        var remainder = a % b;
        if (remainder == 0)
        {
            return Math.CopySign(0, b);
        }

        return remainder < 0 != b < 0 ? remainder + b : remainder;
    }

    private static double FloorDivide(double a, double b)
    {
        var quotient = (a - Modulo(a, b)) / b;
        var floor = Math.Floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    private static double Power(double a, double b)
    {
        if (a == 0 && b < 0)
        {
            throw new JinjaException("0.0 cannot be raised to a negative power");
        }

        if (a < 0 && double.IsFinite(a) && double.IsFinite(b) && b != Math.Floor(b))
        {
            throw new JinjaException("complex numbers are not supported");
        }

        var result = Math.Pow(a, b);
        return double.IsInfinity(result) && double.IsFinite(a) && double.IsFinite(b)
            ? throw new JinjaException("(34, 'Numerical result out of range')")
            : result;
    }

    private static JinjaException Unsupported(BinaryOperator kind, object? left, object? right)
    {
        var symbol = kind switch
        {
            BinaryOperator.Add => "+",
            BinaryOperator.Subtract => "-",
            BinaryOperator.Multiply => "*",
            BinaryOperator.Divide => "/",
            BinaryOperator.FloorDivide => "//",
            BinaryOperator.Modulo => "%",
            _ => "** or pow()",
        };
        return new JinjaException($"unsupported operand type(s) for {symbol}: '{TypeName.Of(left)}' and '{TypeName.Of(right)}'");
    }
}
