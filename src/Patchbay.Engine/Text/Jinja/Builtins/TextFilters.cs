using System.Text;
using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Builtins;

/// <summary>Filters that take their value as a text, whatever it is.</summary>
internal static class TextFilters
{
    private const string TitleBreaks = "-({[<";

    public static object? Upper(Evaluator evaluator, object? value, Arguments arguments) => Method(evaluator, value, "upper", arguments);

    public static object? Lower(Evaluator evaluator, object? value, Arguments arguments) => Method(evaluator, value, "lower", arguments);

    public static object? Capitalize(Evaluator evaluator, object? value, Arguments arguments) => Method(evaluator, value, "capitalize", arguments);

    public static object? Trim(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("trim", 0, "chars");
        return Methods.Call(evaluator, Soft(evaluator, value), "strip", new Arguments([arguments.Get(0, "chars")], []));
    }

    public static object? Center(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("center", 0, "width");
        return Methods.Call(evaluator, Soft(evaluator, value), "center", new Arguments([arguments.Get(0, "width", 80L)], []));
    }

    /// <summary>Capital first in every word; unlike the method of that name, only at certain characters.</summary>
    public static object? Title(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("title", 0);
        var soft = Soft(evaluator, value);
        var text = PythonText.Of(soft)!;
        evaluator.Budget.Text(text.Length * 3L);
        var result = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var start = at;
            var isBreak = IsTitleBreak(text[at]);
            while (at < text.Length && IsTitleBreak(text[at]) == isBreak)
            {
                at++;
            }

            var width = PythonText.WidthAt(text, start);
            result.Append(CaseMapping.Upper(text.Substring(start, width))).Append(CaseMapping.Lower(text[(start + width)..at]));
        }

        return Like(soft, result.ToString());
    }

    public static object? String(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("string", 0);
        return Soft(evaluator, value);
    }

    public static object? Safe(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("safe", 0);
        return value is MarkupValue ? value : new MarkupValue(PythonFormat.Str(value, evaluator.Budget));
    }

    public static object? Escape(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("escape", 0);
        return value is MarkupValue ? value : new MarkupValue(MarkupValue.Escape(value, evaluator.Budget));
    }

    public static object? ForceEscape(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("forceescape", 0);
        return new MarkupValue(MarkupValue.Escape(PythonFormat.Str(value, evaluator.Budget), evaluator.Budget));
    }

    public static object? Replace(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("replace", 2, "old", "new", "count");
        var budget = evaluator.Budget;
        var text = PythonFormat.Str(value, budget);
        var old = PythonFormat.Str(arguments.Get(0, "old"), budget);
        var replacement = PythonFormat.Str(arguments.Get(1, "new"), budget);
        budget.Scan(text.Length);
        return StringMethods.Replace(text, old, replacement, arguments.GetInteger(2, "count", -1), budget);
    }

    public static object? Format(Evaluator evaluator, object? value, Arguments arguments)
    {
        if (arguments.Positional.Length > 0 && arguments.Named.Length > 0)
        {
            throw new JinjaException("can't handle positional and keyword arguments at the same time");
        }

        var named = new DictValue();
        foreach (var (key, argument) in arguments.Named)
        {
            named.Set(key, argument);
        }

        var soft = Soft(evaluator, value);
        return Operators.Apply(BinaryOperator.Modulo, soft, named.Count > 0 ? named : new TupleValue(arguments.Positional), evaluator.Budget);
    }

    public static object? Indent(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("indent", 0, "width", "first", "blank");
        var soft = value is UndefinedValue undefined ? throw undefined.Fail() : value;
        var text = PythonText.Of(soft) ?? throw new JinjaException($"can only indent str, not {TypeName.Of(value)}");
        var width = arguments.Get(0, "width", 4L);
        var budget = evaluator.Budget;
        if (PythonText.Of(width) is not { } indentation)
        {
            var count = Math.Clamp(PythonNumber.ToIndex(width), 0, int.MaxValue);
            budget.Text(count);
            indentation = new string(' ', (int)count);
        }

        var blank = arguments.GetFlag(2, "blank");
        var result = new TextBuilder(budget);
        var lines = Splitting.Lines(text + "\n", keepEnds: false, budget).Items;
        for (var index = 0; index < lines.Length; index++)
        {
            var line = (string)lines[index]!;
            var isIndented = index == 0 ? arguments.GetFlag(1, "first") : blank || line.Length > 0;
            result.Append(index == 0 ? "" : "\n").Append(isIndented ? indentation : "").Append(line);
        }

        return Like(soft, result.ToString());
    }

    public static object? Truncate(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("truncate", 0, "length", "killwords", "end", "leeway");
        var size = Iteration.Count(value, evaluator.Budget) ?? throw new JinjaException($"object of type '{TypeName.Of(value)}' has no len()");
        var length = arguments.GetInteger(0, "length", 255);
        var end = arguments.GetText(2, "end", "...")!;
        var leeway = arguments.GetInteger(3, "leeway", 5);
        var kept = length - PythonText.Length(end);
        if (kept < 0 || leeway < 0)
        {
            throw new JinjaException(kept < 0
                ? $"expected length >= {PythonText.Length(end)}, got {length}"
                : $"expected leeway >= 0, got {leeway}");
        }

        if (size <= Math.Min(length, int.MaxValue) + Math.Min(leeway, int.MaxValue))
        {
            return value;
        }

        var text = PythonText.Of(value) ?? throw new JinjaException($"can only truncate str, not {TypeName.Of(value)}");
        evaluator.Budget.Text(text.Length);
        var head = text[..PythonText.UnitIndex(text, kept)];
        if (!arguments.GetFlag(1, "killwords") && head.LastIndexOf(' ') is var space and >= 0)
        {
            head = head[..space];
        }

        return Like(value, head + end);
    }

    public static object? WordCount(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("wordcount", 0);
        var text = PythonText.Of(Soft(evaluator, value))!;
        evaluator.Budget.Scan(text.Length);
        var (count, inWord) = (0L, false);
        foreach (var rune in text.EnumerateRunes())
        {
            var isWord = rune.Value == '_' || CharacterClass.IsAlphanumeric(rune);
            count += isWord && !inWord ? 1 : 0;
            inWord = isWord;
        }

        return Boxed.Integer(count);
    }

    /// <summary>The value as a text; markup stays markup.</summary>
    public static object Soft(Evaluator evaluator, object? value) => value as MarkupValue ?? (object)PythonFormat.Str(value, evaluator.Budget);

    private static object Like(object? original, string text) => original is MarkupValue ? new MarkupValue(text) : text;

    private static object? Method(Evaluator evaluator, object? value, string name, Arguments arguments)
    {
        arguments.Accept(name, 0);
        return Methods.Call(evaluator, Soft(evaluator, value), name, Arguments.None);
    }

    private static bool IsTitleBreak(char value) => TitleBreaks.Contains(value) || PythonText.IsSpace(value);
}
