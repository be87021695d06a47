namespace Patchbay.Engine.Text.Tokenization.Scanners;

/// <summary>
/// The pattern of o200k and of Mistral's tekken, which cuts words where an upper-case letter follows a lower-case one. With
/// U = [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}], W = [\p{Ll}\p{Lm}\p{Lo}\p{M}], X = [^\r\n\p{L}\p{N}] and C = (?i:'s|'t|'re|'ve|'m|'ll|'d):
/// X?U*W+C?|X?U+W*C?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
/// </summary>
internal sealed class O200kScanner(int mostDigits, bool hasContractions) : PieceScanner
{
    private const string LowerWord = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+";
    private const string UpperWord = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*";
    private const string Contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
    private const string End = @"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public const string Pattern = LowerWord + Contraction + "|" + UpperWord + Contraction + @"|\p{N}{1,3}" + End;
    public const string Tekken = LowerWord + "|" + UpperWord + @"|\p{N}" + End;

    public override int MatchAt(ReadOnlySpan<char> text, int start)
    {
        var first = CharClasses.At(text, start, out var length);
        if ((first & CharClass.Number) != 0)
        {
            return Cl100kScanner.NumberEnd(text, start, mostDigits) - start;
        }

        // X? is tried before its absence, for the first alternative and then for the second.
        var isPrefix = (first & (CharClass.LineBreak | CharClass.Letter)) == 0;
        var word = isPrefix ? LowerWordEnd(text, start + length) : -1;
        word = word < 0 ? LowerWordEnd(text, start) : word;
        word = word < 0 && isPrefix ? UpperWordEnd(text, start + length) : word;
        word = word < 0 ? UpperWordEnd(text, start) : word;
        if (word >= 0)
        {
            return word + (hasContractions ? ContractionAt(text, word, ignoresCase: true) : 0) - start;
        }

        var body = text[start] == ' ' ? start + 1 : start;
        var end = CharClasses.RunEndWithout(text, body, CharClass.Space | CharClass.Letter | CharClass.Number);
        if (end == body)
        {
            return SpaceAt(text, start, endsWithLineBreaks: true);
        }

        while (end < text.Length && text[end] is ('\r' or '\n' or '/'))
        {
            end++;
        }

        return end - start;
    }

    /// <summary>End of U*W+ at a position, -1 when it does not match. U* gives back what W+ needs.</summary>
    private static int LowerWordEnd(ReadOnlySpan<char> text, int start)
    {
        var i = start;
        var afterShared = -1;
        while (i < text.Length)
        {
            var next = CharClasses.At(text, i, out var length);
            if ((next & CharClass.UpperPart) == 0)
            {
                return (next & CharClass.LowerPart) != 0 ? CharClasses.RunEnd(text, i, CharClass.LowerPart) : afterShared;
            }

            i += length;
            if ((next & CharClass.LowerPart) != 0)
            {
                afterShared = i;
            }
        }

        return afterShared;
    }

    private static int UpperWordEnd(ReadOnlySpan<char> text, int start)
    {
        var end = CharClasses.RunEnd(text, start, CharClass.UpperPart);
        return end == start ? -1 : CharClasses.RunEnd(text, end, CharClass.LowerPart);
    }
}
