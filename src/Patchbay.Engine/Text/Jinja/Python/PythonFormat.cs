using System.Globalization;
using System.Numerics;
using System.Text;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary>How Python prints values: <c>str</c> and <c>repr</c>.</summary>
internal static class PythonFormat
{
    /// <summary>What <c>{{ value }}</c> prints.</summary>
    public static string Str(object? value, RenderBudget budget)
    {
        switch (value)
        {
            case string text:
                return text;
            case MarkupValue markup:
                return markup.Text;
            case UndefinedValue:
                return "";
            case null:
                return "None";
            case long number:
                return number.ToString(CultureInfo.InvariantCulture);
            default:
                return Repr(value, budget);
        }
    }

    public static string Repr(object? value, RenderBudget budget)
    {
        var text = new TextBuilder(budget);
        AppendRepr(text, value, budget);
        return text.ToString();
    }

    /// <summary>For messages.</summary>
    public static string Repr(object? value) => Repr(value, new RenderBudget(RenderLimits.Default));

    private static void AppendRepr(TextBuilder text, object? value, RenderBudget budget)
    {
        budget.Step();
        switch (value)
        {
            case string plain: AppendQuoted(text, plain); break;
            case SequenceValue sequence: AppendSequence(text, sequence, budget); break;
            case DictValue dict: AppendDict(text, dict, budget); break;
            case DictViewValue view: AppendView(text, view, budget); break;
            case MarkupValue markup:
                text.Append("Markup(");
                AppendQuoted(text, markup.Text);
                text.Append(')');
                break;
            case NamespaceValue space:
                text.Append("<Namespace ");
                AppendRepr(text, space.Attributes, budget);
                text.Append('>');
                break;
            default: text.Append(ReprOfSimple(value)); break;
        }
    }

    private static string ReprOfSimple(object? value) => value switch
    {
        null => "None",
        bool flag => flag ? "True" : "False",
        long number => number.ToString(CultureInfo.InvariantCulture),
        BigInteger number => IntegerText(number),
        double number => FloatFormat.Repr(number),
        UndefinedValue => "Undefined",
        RangeValue { Step: 1 } range => $"range({range.Start}, {range.Stop})",
        RangeValue range => $"range({range.Start}, {range.Stop}, {range.Step})",
        BytesValue bytes => ReprOfBytes(bytes.Bytes),
        LoopValue loop => loop.ToString(),
        MacroValue macro => macro.Definition.Name is { } name ? $"<Macro '{name}'>" : "<Macro anonymous>",
        GeneratorValue generator => $"<generator object {generator.Name}>",
        MethodValue method => $"<built-in method {method.Name} of {TypeName.Of(method.Target)} object>",
        FunctionValue function => $"<function {function.Name}>",
        TemplateValue => "<TemplateReference None>",
        _ => $"<{TypeName.Of(value)}>",
    };

    public static string IntegerText(BigInteger value) => value.GetBitLength() > 3.33 * PythonNumber.MaxDigits
        ? throw new JinjaException($"Exceeds the limit ({PythonNumber.MaxDigits} digits) for integer string conversion")
        : value.ToString(CultureInfo.InvariantCulture);

    private static void AppendSequence(TextBuilder text, SequenceValue sequence, RenderBudget budget)
    {
        budget.Enter();
        text.Append(sequence is ListValue ? '[' : '(');
        for (var index = 0; index < sequence.Items.Length; index++)
        {
            if (index > 0)
            {
                text.Append(", ");
            }

            AppendRepr(text, sequence.Items[index], budget);
        }

        text.Append(sequence is ListValue ? "]" : sequence.Items.Length == 1 ? ",)" : ")");
        budget.Leave();
    }

    private static void AppendDict(TextBuilder text, DictValue dict, RenderBudget budget)
    {
        budget.Enter();
        text.Append('{');
        for (var index = 0; index < dict.Count; index++)
        {
            if (index > 0)
            {
                text.Append(", ");
            }

            AppendRepr(text, dict.Keys[index], budget);
            text.Append(": ");
            AppendRepr(text, dict.Values[index], budget);
        }

        text.Append('}');
        budget.Leave();
    }

    private static void AppendView(TextBuilder text, DictViewValue view, RenderBudget budget)
    {
        text.Append(TypeName.Of(view)).Append('(');
        AppendSequence(text, new ListValue([.. Iteration.Of(view, budget)]), budget);
        text.Append(')');
    }

    private static void AppendQuoted(TextBuilder text, string value)
    {
        var quote = value.Contains('\'') && !value.Contains('"') ? '"' : '\'';
        text.Append(quote);
        var plainFrom = 0;
        for (var at = 0; at < value.Length;)
        {
            var width = PythonText.WidthAt(value, at);
            if (Escape(value, at, width, quote) is { } escape)
            {
                text.Append(value.AsSpan(plainFrom, at - plainFrom)).Append(escape);
                plainFrom = at + width;
            }

            at += width;
        }

        text.Append(value.AsSpan(plainFrom)).Append(quote);
    }

    /// <summary>How the code point is written inside quotes; null where it stands for itself.</summary>
    private static string? Escape(string text, int at, int width, char quote)
    {
        var unit = text[at];
        if (unit is >= ' ' and < '\x7f')
        {
            return unit == '\\' ? @"\\" : unit == quote ? $"\\{quote}" : null;
        }

        switch (unit)
        {
            case '\n': return @"\n";
            case '\r': return @"\r";
            case '\t': return @"\t";
        }

        var codePoint = width == 2 ? char.ConvertToUtf32(unit, text[at + 1]) : unit;
        if (IsPrintable(codePoint))
        {
            return null;
        }

        return codePoint < 0x100 ? $"\\x{codePoint:x2}" : codePoint < 0x10000 ? $"\\u{codePoint:x4}" : $"\\U{codePoint:x8}";
    }

    /// <summary>Everything but controls, separators, surrogates, private and unassigned code points.</summary>
    public static bool IsPrintable(int codePoint) => codePoint == ' ' || CharUnicodeInfo.GetUnicodeCategory(codePoint) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);

    private static string ReprOfBytes(byte[] bytes)
    {
        var text = new StringBuilder("b'");
        foreach (var value in bytes)
        {
            _ = value switch
            {
                (byte)'\\' or (byte)'\'' => text.Append('\\').Append((char)value),
                (byte)'\n' => text.Append(@"\n"),
                (byte)'\r' => text.Append(@"\r"),
                (byte)'\t' => text.Append(@"\t"),
                >= 0x20 and < 0x7f => text.Append((char)value),
                _ => text.Append(CultureInfo.InvariantCulture, $"\\x{value:x2}"),
            };
        }

        return text.Append('\'').ToString();
    }
}
