using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary>
/// Strings as Python sees them: sequences of code points. Most texts have no surrogate pairs, and for those the
/// index of a code point is the index of its UTF-16 unit.
/// </summary>
internal static class PythonText
{
    /// <summary>The text of a str or of markup; null for every other value.</summary>
    public static string? Of(object? value) => value as string ?? (value as MarkupValue)?.Text;

    /// <summary>Python's whitespace: Unicode's, and the four ASCII separators.</summary>
    public static bool IsSpace(char value) => char.IsWhiteSpace(value) || value is >= '\x1c' and <= '\x1f';

    /// <summary>What ends a line for <c>splitlines</c>.</summary>
    public static bool IsLineBreak(char value) =>
        value is '\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029';

    public static ReadOnlySpan<char> TrimStart(ReadOnlySpan<char> text)
    {
        var start = 0;
        while (start < text.Length && IsSpace(text[start]))
        {
            start++;
        }

        return text[start..];
    }

    public static ReadOnlySpan<char> TrimEnd(ReadOnlySpan<char> text)
    {
        var end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
        {
            end--;
        }

        return text[..end];
    }

    /// <summary>UTF-16 units of the code point at <paramref name="at"/>: 1 or 2.</summary>
    public static int WidthAt(ReadOnlySpan<char> text, int at) =>
        char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;

    public static bool HasPairs(ReadOnlySpan<char> text) => text.ContainsAnyInRange('\uD800', '\uDBFF');

    /// <summary>The number of code points.</summary>
    public static int Length(ReadOnlySpan<char> text)
    {
        if (!HasPairs(text))
        {
            return text.Length;
        }

        var length = 0;
        for (var at = 0; at < text.Length; at += WidthAt(text, at))
        {
            length++;
        }

        return length;
    }

    /// <summary>The code points, each as a text of its own.</summary>
    public static string[] CodePoints(string text)
    {
        var result = new string[Length(text)];
        var at = 0;
        for (var index = 0; index < result.Length; index++)
        {
            var width = WidthAt(text, at);
            result[index] = text.Substring(at, width);
            at += width;
        }

        return result;
    }

    /// <summary>The UTF-16 index of a code point; the text's length if there are fewer.</summary>
    public static int UnitIndex(string text, long codePoint)
    {
        if (!HasPairs(text))
        {
            return (int)Math.Min(codePoint, text.Length);
        }

        var at = 0;
        for (; codePoint > 0 && at < text.Length; codePoint--)
        {
            at += WidthAt(text, at);
        }

        return at;
    }

    /// <summary>Order by code point. By UTF-16 unit, pairs would come before U+E000.</summary>
    public static int Compare(string left, string right)
    {
        var common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        return Rank(left[common]).CompareTo(Rank(right[common]));

        static int Rank(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : unit;
    }
}
