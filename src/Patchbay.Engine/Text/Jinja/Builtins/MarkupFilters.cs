using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Builtins;

/// <summary>Filters made for web pages and for debugging.</summary>
internal static class MarkupFilters
{
    private static readonly SearchValues<char> s_notInAttributeName = SearchValues.Create(" \t\n\r\f\v/>=");

    public static object? StripTags(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("striptags", 0);
        var budget = evaluator.Budget;
        var text = PythonFormat.Str(value, budget);
        budget.Text(text.Length);
        text = Without(Without(text, "<!--", "-->"), "<", ">");
        var words = Splitting.Split(text, null, -1, fromEnd: false, budget);
        return WebUtility.HtmlDecode(StringMethods.Join(" ", words, budget));
    }

    public static object? XmlAttributes(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("xmlattr", 0, "autospace");
        var dict = value as DictValue ?? throw new JinjaException($"xmlattr needs a dict, not {TypeName.Of(value)}");
        var result = new TextBuilder(evaluator.Budget);
        for (var index = 0; index < dict.Count; index++)
        {
            if (dict.Values[index] is null or UndefinedValue)
            {
                continue;
            }

            var key = PythonText.Of(dict.Keys[index]) ?? throw new JinjaException("attribute names must be strings");
            if (key.AsSpan().ContainsAny(s_notInAttributeName))
            {
                throw new JinjaException($"Invalid character in attribute name: {PythonFormat.Repr(key)}");
            }

            result.Append(result.Length > 0 || arguments.GetFlag(0, "autospace", true) ? " " : "")
                .Append(MarkupValue.Escape(key, evaluator.Budget)).Append("=\"")
                .Append(MarkupValue.Escape(dict.Values[index], evaluator.Budget)).Append('"');
        }

        return evaluator.AutoEscape ? new MarkupValue(result.ToString()) : result.ToString();
    }

    public static object? UrlEncode(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("urlencode", 0);
        var budget = evaluator.Budget;
        if (PythonText.Of(value) is not null || Iteration.TryGet(value, budget) is null)
        {
            return Quote(PythonFormat.Str(value, budget), isQuery: false, budget);
        }

        var pairs = value is DictValue dict ? new DictViewValue(dict, DictViewKind.Items) : value;
        var result = new TextBuilder(budget);
        foreach (var pair in Iteration.Of(pairs, budget))
        {
            var parts = Iteration.ToArray(pair, budget);
            if (parts.Length != 2)
            {
                throw new JinjaException("urlencode needs pairs of a key and a value");
            }

            result.Append(result.Length > 0 ? "&" : "").Append(Quote(PythonFormat.Str(parts[0], budget), isQuery: true, budget))
                .Append('=').Append(Quote(PythonFormat.Str(parts[1], budget), isQuery: true, budget));
        }

        return result.ToString();
    }

    /// <summary>Values that Python would break over lines are refused: nobody's prompt depends on them.</summary>
    public static object? PrettyPrint(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("pprint", 0);
        var text = PythonFormat.Repr(value, evaluator.Budget);
        return text.Length > 80 || text.Contains('{')
            ? throw new JinjaException("pprint is supported for short values without dicts only")
            : text;
    }

    private static string Without(string text, string open, string close)
    {
        var result = new StringBuilder(text.Length);
        var at = 0;
        while (text.IndexOf(open, at, StringComparison.Ordinal) is var start and >= 0
            && text.IndexOf(close, start, StringComparison.Ordinal) is var end and >= 0)
        {
            result.Append(text, at, start - at);
            at = end + close.Length;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }

    private static string Quote(string text, bool isQuery, RenderBudget budget)
    {
        budget.Text(text.Length * 9L);
        var result = new StringBuilder(text.Length);
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            var character = (char)value;
            _ = char.IsAsciiLetterOrDigit(character) || character is '_' or '.' or '-' or '~' || (character == '/' && !isQuery) ? result.Append(character)
                : character == ' ' && isQuery ? result.Append('+')
                : result.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
        }

        return result.ToString();
    }
}
