namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary>
/// Finds one text in another in time that grows with the sum of their lengths. The framework's own search compares a
/// long text anew at every place that looks promising, which a template could use to hang the process.
/// </summary>
internal static class TextSearch
{
    /// <summary>Up to this length comparing anew costs next to nothing, and the framework's search is much quicker.</summary>
    private const int MaxDirect = 32;

    /// <summary>The first place of <paramref name="wanted"/> as UTF-16 index, or -1.</summary>
    public static int Find(ReadOnlySpan<char> text, ReadOnlySpan<char> wanted)
    {
        if (wanted.Length <= MaxDirect || wanted.Length > text.Length)
        {
            return text.IndexOf(wanted);
        }

        var fallback = Fallback(wanted);
        var matched = 0;
        for (var at = 0; at < text.Length; at++)
        {
            while (matched > 0 && text[at] != wanted[matched])
            {
                matched = fallback[matched - 1];
            }

            matched += text[at] == wanted[matched] ? 1 : 0;
            if (matched == wanted.Length)
            {
                return at + 1 - matched;
            }
        }

        return -1;
    }

    /// <summary>The last place of <paramref name="wanted"/> as UTF-16 index, or -1.</summary>
    public static int FindLast(ReadOnlySpan<char> text, ReadOnlySpan<char> wanted)
    {
        if (wanted.Length <= MaxDirect || wanted.Length > text.Length)
        {
            return text.LastIndexOf(wanted);
        }

        var (reversedText, reversedWanted) = (text.ToArray(), wanted.ToArray());
        Array.Reverse(reversedText);
        Array.Reverse(reversedWanted);
        var found = Find(reversedText, reversedWanted);
        return found < 0 ? -1 : text.Length - found - wanted.Length;
    }

    /// <summary>How often <paramref name="wanted"/>, which is not empty, occurs without overlap.</summary>
    public static int Count(ReadOnlySpan<char> text, ReadOnlySpan<char> wanted)
    {
        if (wanted.Length <= MaxDirect)
        {
            return text.Count(wanted);
        }

        var count = 0;
        while (Find(text, wanted) is var found and >= 0)
        {
            count++;
            text = text[(found + wanted.Length)..];
        }

        return count;
    }

    /// <summary>For every prefix the length of the longest shorter prefix that it ends with (Knuth, Morris, Pratt).</summary>
    private static int[] Fallback(ReadOnlySpan<char> wanted)
    {
        var fallback = new int[wanted.Length];
        var matched = 0;
        for (var at = 1; at < wanted.Length; at++)
        {
            while (matched > 0 && wanted[at] != wanted[matched])
            {
                matched = fallback[matched - 1];
            }

            matched += wanted[at] == wanted[matched] ? 1 : 0;
            fallback[at] = matched;
        }

        return fallback;
    }
}
