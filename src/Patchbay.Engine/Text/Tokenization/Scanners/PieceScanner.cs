namespace Patchbay.Engine.Text.Tokenization.Scanners;

/// <summary>A pattern, written by hand or not, that is searched for in a text from left to right.</summary>
internal abstract class PieceScanner
{
    /// <summary>Length of the match that begins exactly at a position, 0 when there is none.</summary>
    public abstract int MatchAt(ReadOnlySpan<char> text, int start);

    /// <summary>
    /// The white space that the patterns of byte-level tokenizers end with: \s+(?!\S)|\s+, that is, a run without the last
    /// character before a word; preceded by \s*[\r\n]+ where the pattern asks for line breaks.
    /// </summary>
    protected static int SpaceAt(ReadOnlySpan<char> text, int start, bool endsWithLineBreaks)
    {
        var end = start;
        var afterLineBreak = -1;
        while (end < text.Length && char.IsWhiteSpace(text[end]))
        {
            end++;
            if (text[end - 1] is '\r' or '\n')
            {
                afterLineBreak = end;
            }
        }

        if (endsWithLineBreaks && afterLineBreak > 0)
        {
            return afterLineBreak - start;
        }

        return end == text.Length || end - start <= 1 ? end - start : end - start - 1;
    }

    /// <summary>'s, 't, 're, 've, 'm, 'll, 'd at a position; 0 when there is none of them.</summary>
    protected static int ContractionAt(ReadOnlySpan<char> text, int start, bool ignoresCase)
    {
        if (start + 1 >= text.Length || text[start] != '\'')
        {
            return 0;
        }

        var first = Fold(text[start + 1], ignoresCase);
        if (first is 's' or 't' or 'm' or 'd')
        {
            return 2;
        }

        var second = start + 2 < text.Length ? Fold(text[start + 2], ignoresCase) : '\0';
        return (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    // U+017F (long s) is the only other character that folds to one of these letters.
    private static char Fold(char c, bool ignoresCase) => !ignoresCase ? c : c == '\u017F' ? 's' : char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;
}
