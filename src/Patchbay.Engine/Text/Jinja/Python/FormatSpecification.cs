using System.Globalization;
using System.Numerics;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary>Python's format mini-language, <c>[[fill]align][sign][#][0][width][grouping][.precision][type]</c>, and the same for <c>%</c>.</summary>
internal sealed record FormatSpecification
{
    /// <summary>More digits after the point than this tell nothing about a double.</summary>
    private const int MaxPrecision = 400;

    public string Fill { get; init; } = " ";

    /// <summary>One of <c>&lt; &gt; ^ =</c>, or none for the value's own.</summary>
    public char Align { get; init; }

    /// <summary><c>+</c>, <c>-</c> or a space; none for a sign where one is needed.</summary>
    public char Sign { get; init; }

    public bool IsAlternate { get; init; }

    public long Width { get; init; }

    /// <summary><c>,</c> or <c>_</c> between thousands; none otherwise.</summary>
    public char Grouping { get; init; }

    public long? Precision { get; init; }

    public char Type { get; init; }

    public static FormatSpecification Parse(string text)
    {
        var at = 0;
        var fill = " ";
        var align = '\0';
        var fillWidth = text.Length == 0 ? 0 : PythonText.WidthAt(text, 0);
        if (fillWidth < text.Length && text.Length > 0 && IsAlign(text[fillWidth]))
        {
            fill = text[..fillWidth];
            align = text[fillWidth];
            at = fillWidth + 1;
        }
        else if (text.Length > 0 && IsAlign(text[0]))
        {
            align = text[at++];
        }

        var sign = at < text.Length && text[at] is '+' or '-' or ' ' ? text[at++] : '\0';
        var isAlternate = Take(text, ref at, '#');
        if (Take(text, ref at, '0') && align == '\0')
        {
            (fill, align) = ("0", '=');
        }

        var width = TakeNumber(text, ref at) ?? 0;
        var grouping = at < text.Length && text[at] is ',' or '_' ? text[at++] : '\0';
        var precision = Take(text, ref at, '.')
            ? TakeNumber(text, ref at) ?? throw new JinjaException("Format specifier missing precision")
            : (long?)null;
        var type = at < text.Length ? text[at++] : '\0';
        return at == text.Length
            ? new FormatSpecification
            {
                Fill = fill, Align = align, Sign = sign, IsAlternate = isAlternate,
                Width = width, Grouping = grouping, Precision = precision, Type = type,
            }
            : throw new JinjaException("Invalid format specifier");
    }

    /// <summary>The value in this format; an empty specification, which means <c>str</c>, does not come here.</summary>
    public string Format(object? value, RenderBudget budget)
    {
        if (PythonText.Of(value) is { } text)
        {
            return Sign == '\0' && Grouping == '\0' && !IsAlternate
                ? FormatText(text, budget)
                : throw new JinjaException("signs, groups and alternate forms are not allowed in string format specifier");
        }

        if (value is double || (PythonNumber.IsNumber(value) && Type is 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%'))
        {
            return FormatFloat(PythonNumber.ToDouble(value), budget);
        }

        return PythonNumber.IsInteger(value)
            ? FormatInteger(PythonNumber.ToBig(value), budget)
            : throw new JinjaException($"unsupported format string passed to {TypeName.Of(value)}.__format__");
    }

    public string FormatText(string text, RenderBudget budget)
    {
        if (Type is not ('s' or '\0'))
        {
            throw UnknownType("str");
        }

        if (Align == '=' && Fill != "0")
        {
            throw new JinjaException("'=' alignment not allowed in string format specifier");
        }

        var shown = Precision is { } precision && precision < text.Length ? text[..PythonText.UnitIndex(text, precision)] : text;
        return Pad("", shown, Align is '\0' or '=' ? '<' : Align, budget);
    }

    public string FormatInteger(BigInteger value, RenderBudget budget)
    {
        if (Precision is not null)
        {
            throw new JinjaException("Precision not allowed in integer format specifier");
        }

        var size = BigInteger.Abs(value);
        if (Type == 'c')
        {
            return value.Sign < 0 || size > 0x10FFFF ? throw new JinjaException("%c arg not in range(0x110000)") : Pad("", CharacterOf((int)size), Align == '\0' ? '<' : Align, budget);
        }

        var (prefix, digits) = Type switch
        {
            'd' or 'n' or '\0' => ("", PythonFormat.IntegerText(size)),
            'x' => ("0x", Digits(size, 16)),
            'X' => ("0X", Digits(size, 16).ToUpperInvariant()),
            'o' => ("0o", Digits(size, 8)),
            'b' => ("0b", Digits(size, 2)),
            _ => throw UnknownType("int"),
        };
        return PadNumber(SignOf(value.Sign < 0) + (IsAlternate ? prefix : ""), digits, budget);
    }

    public string FormatFloat(double value, RenderBudget budget)
    {
        if (Precision > MaxPrecision)
        {
            throw new JinjaException($"a precision of more than {MaxPrecision} digits is not supported");
        }

        var digits = double.IsFinite(value) ? FloatDigits(Math.Abs(value)) : double.IsNaN(value) ? "nan" : "inf";
        return PadNumber(SignOf(double.IsNegative(value)), Type is 'E' or 'F' or 'G' ? digits.ToUpperInvariant() : digits, budget);
    }

    private string FloatDigits(double value)
    {
        var precision = (int)(Precision ?? 6);
        return Type switch
        {
            'f' or 'F' => FloatFormat.Fixed(value, precision),
            'e' or 'E' => FloatFormat.Scientific(value, precision),
            'g' or 'G' or 'n' => FloatFormat.General(value, precision, IsAlternate),
            '%' => FloatFormat.Fixed(value * 100, precision) + "%",
            '\0' when Precision is null => FloatFormat.Repr(value),
            '\0' => WithPoint(FloatFormat.General(value, precision)),
            _ => throw UnknownType("float"),
        };
    }

    private static string WithPoint(string digits) => digits.Contains('.') || digits.Contains('e') ? digits : digits + ".0";

    private string SignOf(bool isNegative) => isNegative ? "-" : Sign is '+' or ' ' ? Sign.ToString() : "";

    private string PadNumber(string prefix, string digits, RenderBudget budget) =>
        Pad(prefix, Grouping == '\0' ? digits : Grouped(digits), Align == '\0' ? '>' : Align, budget);

    private string Grouped(string digits)
    {
        var size = Type is 'x' or 'X' or 'o' or 'b' ? 4 : 3;
        var end = digits.AsSpan().IndexOfAny('.', 'e', '%');
        for (var at = (end < 0 ? digits.Length : end) - size; at > 0; at -= size)
        {
            digits = digits.Insert(at, Grouping.ToString());
        }

        return digits;
    }

    private string Pad(string prefix, string body, char align, RenderBudget budget)
    {
        var missing = Width - prefix.Length - PythonText.Length(body);
        if (missing <= 0)
        {
            return prefix + body;
        }

        budget.Text(missing * Fill.Length);
        var left = align switch { '<' => 0, '^' => missing / 2, _ => missing };
        var before = Repeat(left);
        return (align == '=' ? prefix + before : before + prefix) + body + Repeat(missing - left);
    }

    private string Repeat(long count) => Fill.Length == 1 ? new string(Fill[0], (int)count) : string.Concat(Enumerable.Repeat(Fill, (int)count));

    private static string CharacterOf(int codePoint) => codePoint is >= 0xD800 and <= 0xDFFF ? ((char)codePoint).ToString() : char.ConvertFromUtf32(codePoint);

    private static string Digits(BigInteger value, int radix)
    {
        if (radix == 16)
        {
            var text = value.ToString("x", CultureInfo.InvariantCulture).TrimStart('0');
            return text.Length == 0 ? "0" : text;
        }

        if (radix == 2)
        {
            var text = value.ToString("b", CultureInfo.InvariantCulture).TrimStart('0');
            return text.Length == 0 ? "0" : text;
        }

        var digits = new Stack<char>();
        do
        {
            digits.Push((char)('0' + (int)(value % radix)));
            value /= radix;
        }
        while (!value.IsZero);

        return new string([.. digits]);
    }

    private JinjaException UnknownType(string type) => new($"Unknown format code '{Type}' for object of type '{type}'");

    private static bool IsAlign(char value) => value is '<' or '>' or '^' or '=';

    private static bool Take(string text, ref int at, char wanted)
    {
        var found = at < text.Length && text[at] == wanted;
        at += found ? 1 : 0;
        return found;
    }

    private static long? TakeNumber(string text, ref int at)
    {
        var start = at;
        var value = 0L;
        for (; at < text.Length && char.IsAsciiDigit(text[at]); at++)
        {
            // Larger numbers are refused by the budget anyway.
            value = Math.Min((value * 10) + (text[at] - '0'), int.MaxValue);
        }

        return at > start ? value : null;
    }
}
