using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Builtins;

/// <summary><c>split</c>, <c>rsplit</c> and <c>splitlines</c>.</summary>
internal static class Splitting
{
    /// <param name="separator">Null splits at runs of whitespace and drops empty parts.</param>
    /// <param name="limit">Most splits to make; negative for no limit.</param>
    public static ListValue Split(string text, string? separator, long limit, bool fromEnd, RenderBudget budget)
    {
        if (separator is { Length: 0 })
        {
            throw new JinjaException("empty separator");
        }

        budget.Text(text.Length);
        limit = limit < 0 ? long.MaxValue : limit;
        var parts = new List<object?>();
        switch (separator, fromEnd)
        {
            case (null, false): SplitAtSpace(text, limit, parts, budget); break;
            case (null, true): SplitAtSpaceFromEnd(text, limit, parts, budget); break;
            case (_, false): SplitAt(text, separator, limit, parts, budget); break;
            default: SplitAtFromEnd(text, separator, limit, parts, budget); break;
        }

        return new ListValue([.. parts]);
    }

    public static ListValue Lines(string text, bool keepEnds, RenderBudget budget)
    {
        budget.Text(text.Length);
        var lines = new List<object?>();
        for (var start = 0; start < text.Length;)
        {
            var end = start;
            while (end < text.Length && !PythonText.IsLineBreak(text[end]))
            {
                end++;
            }

            var next = end == text.Length ? end : text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? end + 2 : end + 1;
            budget.Items(1);
            lines.Add(text[start..(keepEnds ? next : end)]);
            start = next;
        }

        return new ListValue([.. lines]);
    }

    private static void SplitAt(string text, string separator, long limit, List<object?> parts, RenderBudget budget)
    {
        var start = 0;
        for (; limit > 0 && TextSearch.Find(text.AsSpan(start), separator) is var found and >= 0; limit--)
        {
            budget.Items(1);
            parts.Add(text.Substring(start, found));
            start += found + separator.Length;
        }

        parts.Add(text[start..]);
    }

    private static void SplitAtFromEnd(string text, string separator, long limit, List<object?> parts, RenderBudget budget)
    {
        var end = text.Length;
        for (; limit > 0 && TextSearch.FindLast(text.AsSpan(0, end), separator) is var found and >= 0; limit--)
        {
            budget.Items(1);
            parts.Add(text[(found + separator.Length)..end]);
            end = found;
        }

        parts.Add(text[..end]);
        parts.Reverse();
    }

    private static void SplitAtSpace(string text, long limit, List<object?> parts, RenderBudget budget)
    {
        for (var rest = text.AsSpan(); !(rest = PythonText.TrimStart(rest)).IsEmpty; limit--)
        {
            budget.Items(1);
            if (limit <= 0)
            {
                parts.Add(rest.ToString());
                return;
            }

            var end = 0;
            while (end < rest.Length && !PythonText.IsSpace(rest[end]))
            {
                end++;
            }

            parts.Add(rest[..end].ToString());
            rest = rest[end..];
        }
    }

    private static void SplitAtSpaceFromEnd(string text, long limit, List<object?> parts, RenderBudget budget)
    {
        for (var rest = text.AsSpan(); !(rest = PythonText.TrimEnd(rest)).IsEmpty; limit--)
        {
            budget.Items(1);
            if (limit <= 0)
            {
                parts.Add(rest.ToString());
                break;
            }

            var start = rest.Length;
            while (start > 0 && !PythonText.IsSpace(rest[start - 1]))
            {
                start--;
            }

            parts.Add(rest[start..].ToString());
            rest = rest[..start];
        }

        parts.Reverse();
    }
}
