namespace Patchbay.Engine.Text.Tokenization.Scanners;

/// <summary>
/// The third pattern of DeepSeek-V3: an ASCII punctuation mark with the ASCII word behind it, words, punctuation, white space.
/// Characters that none of it covers (controls) stay between the matches.
/// </summary>
internal sealed class DeepSeekScanner : PieceScanner
{
    public const string Pattern =
        """[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^""" + "\r\n" + @"\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[" + "\r\n"
        + @"]*|\s*[" + "\r\n" + @"]+|\s+(?!\S)|\s+";

    /// <summary>The second pattern: Han characters of the basic block, Hiragana, Katakana.</summary>
    public const string EastAsian = "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+";

    private const CharClass Word = CharClass.Letter | CharClass.Mark;
    private const CharClass Visible = CharClass.Punctuation | CharClass.Symbol;

    public static DeepSeekScanner Instance { get; } = new();

    public override int MatchAt(ReadOnlySpan<char> text, int start)
    {
        var first = CharClasses.At(text, start, out var length);
        var next = start + length;
        if (text[start] < 0x80 && (first & Visible) != 0 && next < text.Length && char.IsAsciiLetter(text[next]))
        {
            while (next < text.Length && char.IsAsciiLetter(text[next]))
            {
                next++;
            }

            return next - start;
        }

        var isPrefix = (first & (CharClass.LineBreak | CharClass.Letter | Visible)) == 0;
        if (isPrefix && CharClasses.RunEnd(text, next, Word) is var prefixed && prefixed > next)
        {
            return prefixed - start;
        }

        if ((first & Word) != 0)
        {
            return CharClasses.RunEnd(text, next, Word) - start;
        }

        var body = text[start] == ' ' ? next : start;
        var end = CharClasses.RunEnd(text, body, Visible);
        return end > body ? Cl100kScanner.LineBreaksEnd(text, end) - start : SpaceAt(text, start, endsWithLineBreaks: true);
    }
}
