using System.Text;
using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Builtins;

/// <summary>Python's methods of <c>str</c>.</summary>
internal static class StringMethods
{
    public static bool Exists(string name) => name is "capitalize" or "casefold" or "center" or "count" or "encode" or "endswith"
        or "expandtabs" or "find" or "format" or "format_map" or "index" or "isalnum" or "isalpha" or "isascii" or "isdecimal"
        or "isdigit" or "isidentifier" or "islower" or "isnumeric" or "isprintable" or "isspace" or "istitle" or "isupper" or "join"
        or "ljust" or "lower" or "lstrip" or "partition" or "removeprefix" or "removesuffix" or "replace" or "rfind" or "rindex"
        or "rjust" or "rpartition" or "rsplit" or "rstrip" or "split" or "splitlines" or "startswith" or "strip" or "swapcase"
        or "title" or "upper" or "zfill";

    public static object? Call(Evaluator evaluator, string text, string name, Arguments arguments)
    {
        var budget = evaluator.Budget;
        budget.Scan(text.Length);
        switch (name)
        {
            case "strip" or "lstrip" or "rstrip":
                arguments.Accept(name, 0, "chars");
                return Strip(text, name, arguments.GetText(0, "chars"), budget);
            case "startswith" or "endswith":
                return Boxed.Bool(HasAffix(text, name, arguments, budget));
            case "find" or "rfind" or "index" or "rindex" or "count":
                return Search(text, name, arguments, budget);
            case "split" or "rsplit":
                arguments.Accept(name, 0, "sep", "maxsplit");
                return Splitting.Split(text, arguments.GetText(0, "sep"), arguments.GetInteger(1, "maxsplit", -1), name == "rsplit", budget);
            case "splitlines":
                arguments.Accept(name, 0, "keepends");
                return Splitting.Lines(text, arguments.GetFlag(0, "keepends"), budget);
            case "partition" or "rpartition":
                arguments.Accept(name, 1, "sep");
                return Partition(text, Required(arguments, "sep"), fromEnd: name[0] == 'r', budget);
            case "join":
                arguments.Accept(name, 1, "iterable");
                return Join(text, arguments.Get(0, "iterable"), budget);
            case "replace":
                arguments.Accept(name, 2, "old", "new", "count");
                return Replace(text, Required(arguments, "old"), Required(arguments, "new", 1), arguments.GetInteger(2, "count", -1), budget);
            case "removeprefix":
                arguments.Accept(name, 1, "prefix");
                return Required(arguments, "prefix") is var prefix && text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text;
            case "removesuffix":
                arguments.Accept(name, 1, "suffix");
                return Required(arguments, "suffix") is var suffix && text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text;
            case "center" or "ljust" or "rjust" or "zfill":
                return Pad(text, name, arguments, budget);
            case "format":
                return new BraceFormat(evaluator, arguments.Positional, key => NamedArgument(arguments, key)).Format(text);
            case "format_map":
                arguments.Accept(name, 1, "mapping");
                var mapping = arguments.Get(0, "mapping");
                return new BraceFormat(evaluator, [], key => Members.GetItem(evaluator, mapping, key)).Format(text);
            case "expandtabs":
                arguments.Accept(name, 0, "tabsize");
                return ExpandTabs(text, arguments.GetInteger(0, "tabsize", 8), budget);
            case "encode":
                return Encode(text, arguments, budget);
            default:
                arguments.Accept(name, 0);
                return CharacterMethods.Call(text, name, budget);
        }
    }

    public static string Strip(string text, string side, string? characters, RenderBudget budget)
    {
        var span = text.AsSpan();
        if (characters is null)
        {
            span = side == "rstrip" ? span : PythonText.TrimStart(span);
            span = side == "lstrip" ? span : PythonText.TrimEnd(span);
        }
        else if (PythonText.HasPairs(characters))
        {
            span = StripCodePoints(text, side, characters);
        }
        else
        {
            span = side == "rstrip" ? span : span.TrimStart(characters);
            span = side == "lstrip" ? span : span.TrimEnd(characters);
            span = characters.Length == 0 ? text : span;
        }

        budget.Text(span.Length);
        return span.Length == text.Length ? text : span.ToString();
    }

    public static string Join(string separator, object? iterable, RenderBudget budget)
    {
        var text = new TextBuilder(budget);
        var index = 0;
        foreach (var item in Iteration.TryGet(iterable, budget) ?? throw new JinjaException("can only join an iterable"))
        {
            if (index > 0)
            {
                text.Append(separator);
            }

            text.Append(PythonText.Of(item)
                ?? throw new JinjaException($"sequence item {index}: expected str instance, {TypeName.Of(item)} found"));
            index++;
        }

        return text.ToString();
    }

    public static string Replace(string text, string old, string replacement, long count, RenderBudget budget)
    {
        count = count < 0 ? long.MaxValue : count;
        var result = new TextBuilder(budget);
        var at = 0;
        if (old.Length == 0)
        {
            // An empty text is found before every character and at the end.
            for (; count > 0 && at < text.Length; count--)
            {
                var width = PythonText.WidthAt(text, at);
                result.Append(replacement).Append(text.AsSpan(at, width));
                at += width;
            }

            return (count > 0 ? result.Append(replacement) : result).Append(text.AsSpan(at)).ToString();
        }

        for (; count > 0 && TextSearch.Find(text.AsSpan(at), old) is var found and >= 0; count--)
        {
            budget.Step();
            result.Append(text.AsSpan(at, found)).Append(replacement);
            at += found + old.Length;
        }

        return at == 0 ? text : result.Append(text.AsSpan(at)).ToString();
    }

    private static string Required(Arguments arguments, string name, int index = 0) => arguments.GetText(index, name)
        ?? throw new JinjaException($"argument '{name}' must be str, not NoneType");

    private static ReadOnlySpan<char> StripCodePoints(string text, string side, string characters)
    {
        var set = PythonText.CodePoints(characters);
        var points = PythonText.CodePoints(text);
        var (start, end) = (0, points.Length);
        while (side != "rstrip" && start < end && set.Contains(points[start]))
        {
            start++;
        }

        while (side != "lstrip" && end > start && set.Contains(points[end - 1]))
        {
            end--;
        }

        var from = PythonText.UnitIndex(text, start);
        return text.AsSpan(from, PythonText.UnitIndex(text, end) - from);
    }

    private static bool HasAffix(string text, string name, Arguments arguments, RenderBudget budget)
    {
        arguments.Accept(name, 1, "affix", "start", "end");
        var window = Window(text, arguments, out _, out var isEmpty);
        var affix = arguments.Get(0, "affix");
        var candidates = affix is TupleValue tuple ? tuple.Items : [affix];
        foreach (var candidate in candidates)
        {
            var wanted = PythonText.Of(candidate) ?? throw (candidate is UndefinedValue undefined
                ? undefined.Fail()
                : new JinjaException($"{name} first arg must be str or a tuple of str, not {TypeName.Of(candidate)}"));
            budget.Scan(wanted.Length);
            if (!isEmpty && (name == "startswith"
                ? window.StartsWith(wanted, StringComparison.Ordinal)
                : window.EndsWith(wanted, StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The part between the arguments start and end; <paramref name="isEmpty"/> if start lies behind end.</summary>
    private static ReadOnlySpan<char> Window(string text, Arguments arguments, out int unitStart, out bool isEmpty)
    {
        if (!arguments.Has(1, "start") && !arguments.Has(2, "end"))
        {
            (unitStart, isEmpty) = (0, false);
            return text;
        }

        long length = PythonText.Length(text);
        var start = arguments.GetInteger(1, "start", 0);
        var end = arguments.GetInteger(2, "end", length);
        start = start < 0 ? Math.Max(start + length, 0) : start;
        end = end < 0 ? Math.Max(end + length, 0) : Math.Min(end, length);
        isEmpty = start > end;
        unitStart = PythonText.UnitIndex(text, start);
        return isEmpty ? [] : text.AsSpan(unitStart, PythonText.UnitIndex(text, end) - unitStart);
    }

    private static object Search(string text, string name, Arguments arguments, RenderBudget budget)
    {
        arguments.Accept(name, 1, "sub", "start", "end");
        var wanted = Required(arguments, "sub");
        var window = Window(text, arguments, out var unitStart, out var isEmpty);
        if (name == "count")
        {
            budget.Scan(text.Length);
            return Boxed.Integer(isEmpty ? 0 : wanted.Length == 0 ? PythonText.Length(window) + 1 : TextSearch.Count(window, wanted));
        }

        var found = isEmpty ? -1
            : name[0] == 'r' ? TextSearch.FindLast(window, wanted)
            : TextSearch.Find(window, wanted);
        if (found < 0)
        {
            return name.EndsWith("index", StringComparison.Ordinal) ? throw new JinjaException("substring not found") : Boxed.Integer(-1);
        }

        return Boxed.Integer(PythonText.Length(text.AsSpan(0, unitStart + found)));
    }

    private static TupleValue Partition(string text, string separator, bool fromEnd, RenderBudget budget)
    {
        if (separator.Length == 0)
        {
            throw new JinjaException("empty separator");
        }

        budget.Text(text.Length);
        var at = fromEnd ? TextSearch.FindLast(text, separator) : TextSearch.Find(text, separator);
        return at >= 0 ? new TupleValue([text[..at], separator, text[(at + separator.Length)..]])
            : fromEnd ? new TupleValue(["", "", text])
            : new TupleValue([text, "", ""]);
    }

    private static string Pad(string text, string name, Arguments arguments, RenderBudget budget)
    {
        arguments.Accept(name, 1, "width", "fillchar");
        var fill = name == "zfill" ? "0" : arguments.GetText(1, "fillchar", " ")!;
        if (PythonText.Length(fill) != 1)
        {
            throw new JinjaException("The fill character must be exactly one character long");
        }

        var width = Math.Min(arguments.GetInteger(0, "width", 0), int.MaxValue);
        var missing = width - PythonText.Length(text);
        if (missing <= 0)
        {
            return text;
        }

        budget.Text((missing * fill.Length) + text.Length);
        var left = name switch
        {
            "ljust" => 0,
            // The odd one goes to the left only if the width is odd, too.
            "center" => (missing / 2) + (missing & width & 1),
            _ => missing,
        };
        var before = string.Concat(Enumerable.Repeat(fill, (int)left));
        return name == "zfill" && text.Length > 0 && text[0] is '+' or '-'
            ? text[0] + before + text[1..]
            : before + text + string.Concat(Enumerable.Repeat(fill, (int)(missing - left)));
    }

    private static object? NamedArgument(Arguments arguments, string key) =>
        arguments.TryTake(key, new bool[arguments.Named.Length], out var value) ? value : throw new JinjaException(PythonFormat.Repr(key));

    private static string ExpandTabs(string text, long size, RenderBudget budget)
    {
        var result = new TextBuilder(budget);
        var column = 0L;
        size = Math.Clamp(size, 0, int.MaxValue);
        for (var at = 0; at < text.Length; at++)
        {
            budget.Step();
            if (text[at] == '\t')
            {
                var spaces = size == 0 ? 0 : size - (column % size);
                result.Append(' ', spaces);
                column += spaces;
                continue;
            }

            result.Append(text[at]);
            column = text[at] is '\n' or '\r' ? 0 : char.IsLowSurrogate(text[at]) ? column : column + 1;
        }

        return result.ToString();
    }

    private static BytesValue Encode(string text, Arguments arguments, RenderBudget budget)
    {
        arguments.Accept("encode", 0, "encoding", "errors");
        var encoding = arguments.GetText(0, "encoding", "utf-8")!.Replace('_', '-').ToLowerInvariant();
        if (encoding is not ("utf-8" or "utf8" or "ascii") || (encoding == "ascii" && !Ascii.IsValid(text)))
        {
            throw new JinjaException($"encoding '{encoding}' is not supported for this text");
        }

        budget.Items(text.Length);
        return new BytesValue(Encoding.UTF8.GetBytes(text));
    }
}
