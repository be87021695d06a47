using System.Globalization;
using System.Numerics;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary>Integers without a size limit worth mentioning, floats, and bools that count as 0 and 1.</summary>
internal static class PythonNumber
{
    /// <summary>Longest integer that is read or printed, as in Python.</summary>
    public const int MaxDigits = 4300;

    /// <summary>Longest integer that is computed; every 4300-digit number fits.</summary>
    private const int MaxBits = 16_384;

    public static bool IsNumber(object? value) => value is long or double or bool or BigInteger;

    public static bool IsNan(object? left, object? right) => (left is double a && double.IsNaN(a)) || (right is double b && double.IsNaN(b));

    public static bool IsInteger(object? value) => value is long or bool or BigInteger;

    public static BigInteger ToBig(object? value) => value switch
    {
        long number => number,
        bool flag => flag ? 1 : 0,
        _ => (BigInteger)value!,
    };

    public static double ToDouble(object? value)
    {
        if (value is BigInteger big)
        {
            var result = (double)big;
            return double.IsInfinity(result) ? throw new JinjaException("int too large to convert to float") : result;
        }

        return value switch
        {
            double number => number,
            long number => number,
            _ => value is true ? 1 : 0,
        };
    }

    /// <summary>The value as an index or a count, clamped to 64 bits; fails for what is no integer.</summary>
    public static long ToIndex(object? value) => value switch
    {
        long number => number,
        bool flag => flag ? 1 : 0,
        BigInteger big => big.Sign < 0 ? long.MinValue : long.MaxValue,
        UndefinedValue undefined => throw undefined.Fail(),
        _ => throw new JinjaException($"'{TypeName.Of(value)}' object cannot be interpreted as an integer"),
    };

    /// <summary>The integer as a value; fails when it has become too long.</summary>
    public static object Checked(BigInteger value) => value.GetBitLength() > MaxBits
        ? throw new JinjaException($"an integer has more than {MaxBits} bits")
        : Boxed.Integer(value);

    /// <summary>Fails before a power is computed whose result would be too long.</summary>
    public static void CheckPower(BigInteger value, long exponent)
    {
        if (value.GetBitLength() * (double)exponent > MaxBits && !BigInteger.Abs(value).IsOne && !value.IsZero)
        {
            throw new JinjaException($"an integer has more than {MaxBits} bits");
        }
    }

    public static bool AreEqual(object? left, object? right) => left is double || right is double
        ? CompareMixed(left, right) == 0
        : left is long a && right is long b ? a == b : ToBig(left) == ToBig(right);

    /// <summary>Order of two numbers; not-a-number comes neither before nor after, which is reported as 1.</summary>
    public static int Compare(object? left, object? right) => left is double || right is double
        ? CompareMixed(left, right) ?? 1
        : ToBig(left).CompareTo(ToBig(right));

    /// <summary>An integer's digits, underscores allowed; null if there are too many.</summary>
    public static object? ParseInteger(ReadOnlySpan<char> digits, int radix)
    {
        Span<char> clean = digits.Length <= MaxDigits * 2 ? new char[digits.Length + 1] : [];
        var length = 0;
        foreach (var digit in digits.TrimStart('0'))
        {
            if (digit != '_')
            {
                if (length >= Math.Min(clean.Length - 1, MaxDigits))
                {
                    return null;
                }

                clean[length++] = digit;
            }
        }

        if (length == 0)
        {
            return Boxed.Integer(0);
        }

        if (radix == 10)
        {
            return Boxed.Integer(BigInteger.Parse(clean[..length], NumberStyles.None, CultureInfo.InvariantCulture));
        }

        var result = BigInteger.Zero;
        foreach (var digit in clean[..length])
        {
            result = (result * radix) + DigitOf(digit);
        }

        return Boxed.Integer(result);
    }

    /// <summary>What <c>int(text, radix)</c> reads; null if the text is no such number.</summary>
    public static object? ParseInteger(string text, long radix)
    {
        var digits = PythonText.TrimEnd(PythonText.TrimStart(text));
        var isNegative = !digits.IsEmpty && digits[0] == '-';
        if (!digits.IsEmpty && digits[0] is '-' or '+')
        {
            digits = digits[1..];
        }

        var prefix = digits.Length > 2 && digits[0] == '0' ? (digits[1] | 0x20) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 } : 0;
        if (prefix != 0 && (radix == 0 || radix == prefix))
        {
            digits = digits[2..];
            radix = prefix;
        }

        radix = radix == 0 ? 10 : radix;
        if (radix is < 2 or > 36 || digits.IsEmpty || digits[^1] == '_' || digits[0] == '_' || digits.IndexOf("__") >= 0)
        {
            return null;
        }

        foreach (var digit in digits)
        {
            if (digit != '_' && (uint)DigitOf(digit) >= radix)
            {
                return null;
            }
        }

        var value = ParseInteger(digits, (int)radix);
        return value is null || !isNegative ? value : Boxed.Integer(-ToBig(value));
    }

    /// <summary>What <c>float(text)</c> reads; null if the text is no number.</summary>
    public static double? ParseFloat(string text)
    {
        var trimmed = PythonText.TrimEnd(PythonText.TrimStart(text)).ToString();
        var unsigned = trimmed.TrimStart('+', '-').ToLowerInvariant();
        if (trimmed.Length - unsigned.Length <= 1 && unsigned is "inf" or "infinity" or "nan")
        {
            return unsigned == "nan" ? double.NaN : trimmed[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
        }

        if (trimmed.Contains('_'))
        {
            for (var at = 0; at < trimmed.Length; at++)
            {
                if (trimmed[at] == '_' && (at == 0 || at + 1 == trimmed.Length || !char.IsAsciiDigit(trimmed[at - 1]) || !char.IsAsciiDigit(trimmed[at + 1])))
                {
                    return null;
                }
            }

            trimmed = trimmed.Replace("_", "");
        }

        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return unsigned.Length > 0 && (char.IsAsciiDigit(unsigned[0]) || unsigned[0] == '.')
            && double.TryParse(trimmed, Style, CultureInfo.InvariantCulture, out var value) ? value : null;
    }

    /// <summary>The integer part; fails for infinities and not-a-number.</summary>
    public static object Truncate(double value) => double.IsFinite(value)
        ? Boxed.Integer(new BigInteger(Math.Truncate(value)))
        : throw new JinjaException($"cannot convert float {(double.IsNaN(value) ? "NaN" : "infinity")} to integer");

    private static int DigitOf(char digit) => digit switch
    {
        >= '0' and <= '9' => digit - '0',
        >= 'a' and <= 'z' => digit - 'a' + 10,
        >= 'A' and <= 'Z' => digit - 'A' + 10,
        _ => -1,
    };

    /// <summary>Exact, also where an integer does not fit a double; null if one side is not a number.</summary>
    private static int? CompareMixed(object? left, object? right)
    {
        if (left is double a && right is double b)
        {
            return double.IsNaN(a) || double.IsNaN(b) ? null : a.CompareTo(b);
        }

        if (left is not double number)
        {
            return -CompareMixed(right, left);
        }

        if (!double.IsFinite(number))
        {
            return double.IsNaN(number) ? null : Math.Sign(number);
        }

        var floor = Math.Floor(number);
        var order = new BigInteger(floor).CompareTo(ToBig(right));
        return order == 0 && number > floor ? 1 : order;
    }
}
