using System.Globalization;
using System.Numerics;

namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary>Floats as texts, digit for digit as Python writes them.</summary>
internal static class FloatFormat
{
    /// <summary>The shortest text that reads back as the same number; an exponent below 1e-4 and from 1e16.</summary>
    public static string Repr(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        var (isNegative, digits, exponent) = ShortestDigits(value);
        var sign = isNegative ? "-" : "";
        if (exponent is < -4 or >= 16)
        {
            var fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{sign}{digits[0]}{fraction}e{Exponent(exponent)}";
        }

        if (exponent < 0)
        {
            return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        }

        return exponent + 1 >= digits.Length
            ? $"{sign}{digits.PadRight(exponent + 1, '0')}.0"
            : $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }

    /// <summary>The exact value rounded to <paramref name="precision"/> decimals, ties to even; finite values only.</summary>
    public static string Fixed(double value, int precision)
    {
        var scaled = Scale(Math.Abs(value), precision);
        var digits = scaled.ToString(CultureInfo.InvariantCulture).PadLeft(precision + 1, '0');
        var whole = digits[..^precision];
        return (double.IsNegative(value) ? "-" : "") + (precision == 0 ? whole : $"{whole}.{digits[^precision..]}");
    }

    /// <summary>One digit, <paramref name="precision"/> decimals and an exponent of at least two digits.</summary>
    public static string Scientific(double value, int precision)
    {
        var text = value.ToString("e" + precision.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        var at = text.IndexOf('e');
        return $"{text[..at]}e{Exponent(int.Parse(text.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))}";
    }

    /// <summary>At most <paramref name="precision"/> significant digits, in whichever notation is shorter.</summary>
    public static string General(double value, int precision, bool keepZeros = false)
    {
        precision = Math.Max(precision, 1);
        var scientific = Scientific(value, precision - 1);
        var at = scientific.IndexOf('e');
        var exponent = value == 0 ? 0 : int.Parse(scientific.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (exponent < -4 || exponent >= precision)
        {
            return (keepZeros ? scientific[..at] : WithoutZeros(scientific[..at])) + scientific[at..];
        }

        var plain = Fixed(value, precision - 1 - exponent);
        return keepZeros ? plain : WithoutZeros(plain);
    }

    /// <summary>The number rounded to <paramref name="precision"/> decimals, ties to even.</summary>
    public static double Round(double value, int precision)
    {
        if (!double.IsFinite(value) || precision > 330)
        {
            return value;
        }

        if (precision >= 0)
        {
            return double.Parse(Fixed(value, precision), CultureInfo.InvariantCulture);
        }

        if (precision < -310)
        {
            return Math.CopySign(0, value);
        }

        var unit = BigInteger.Pow(10, -precision);
        var rounded = DivideToEven(new BigInteger(Math.Abs(value)), unit, hasMore: value != Math.Truncate(value)) * unit;
        return Math.CopySign((double)rounded, value);
    }

    /// <summary>a / b, ties to even; <paramref name="hasMore"/> says that a has a fraction which is not shown.</summary>
    public static BigInteger DivideToEven(BigInteger a, BigInteger b, bool hasMore = false)
    {
        var quotient = BigInteger.DivRem(a, b, out var remainder);
        var order = (remainder * 2).CompareTo(b);
        return order > 0 || (order == 0 && (hasMore || !quotient.IsEven)) ? quotient + 1 : quotient;
    }

    private static string Exponent(int exponent) =>
        (exponent < 0 ? "-" : "+") + Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture);

    private static string WithoutZeros(string text) => text.Contains('.') ? text.TrimEnd('0').TrimEnd('.') : text;

    /// <summary>value * 10^precision as an integer: every double is a fraction with a power of two below.</summary>
    private static BigInteger Scale(double value, int precision)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)((bits >> 52) & 0x7FF);
        var mantissa = bits & 0xFFFFFFFFFFFFF;
        mantissa = exponent == 0 ? mantissa : mantissa | (1L << 52);
        exponent = Math.Max(exponent, 1) - 1075;
        var numerator = mantissa * BigInteger.Pow(10, precision);
        return exponent >= 0 ? numerator << exponent : DivideToEven(numerator, BigInteger.One << -exponent);
    }

    /// <summary>The digits without zeros at the end, and the power of ten of the first.</summary>
    private static (bool IsNegative, string Digits, int Exponent) ShortestDigits(double value)
    {
        var shortest = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        var mark = shortest.IndexOf('E');
        var mantissa = mark < 0 ? shortest : shortest[..mark];
        var digits = mantissa.Replace(".", "").TrimStart('0').TrimEnd('0');
        if (digits.Length == 0)
        {
            return (double.IsNegative(value), "0", 0);
        }

        var power = mark < 0 ? 0 : int.Parse(shortest.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var point = mantissa.IndexOf('.');
        var whole = point < 0 ? mantissa.Length : point;
        var leadingZeros = mantissa.Replace(".", "").TakeWhile(digit => digit == '0').Count();
        return (double.IsNegative(value), digits, power + whole - 1 - leadingZeros);
    }
}
