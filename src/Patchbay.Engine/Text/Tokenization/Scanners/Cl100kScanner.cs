namespace Patchbay.Engine.Text.Tokenization.Scanners;

/// <summary>
/// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+,
/// the pattern of cl100k and Llama 3; of Qwen and others with fewer digits, or with \p{M} as part of words.
/// </summary>
internal sealed class Cl100kScanner(int mostDigits, bool marksAreLetters = false) : PieceScanner
{
    private const string Start = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?";
    private const string End = @"+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public const string ThreeDigits = Start + @"\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]" + End;
    public const string OneDigit = Start + @"\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]" + End;
    public const string OneDigitWithMarks = Start + @"[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]" + End;

    private readonly CharClass _letters = marksAreLetters ? CharClass.Letter | CharClass.Mark : CharClass.Letter;

    public override int MatchAt(ReadOnlySpan<char> text, int start)
    {
        if (ContractionAt(text, start, ignoresCase: true) is var contraction and > 0)
        {
            return contraction;
        }

        var first = CharClasses.At(text, start, out var length);
        var next = start + length;
        if ((first & _letters) != 0)
        {
            return CharClasses.RunEnd(text, next, _letters) - start;
        }

        if ((first & CharClass.Number) != 0)
        {
            return NumberEnd(text, start, mostDigits) - start;
        }

        if ((first & CharClass.LineBreak) == 0 && next < text.Length && (CharClasses.At(text, next, out var second) & _letters) != 0)
        {
            return CharClasses.RunEnd(text, next + second, _letters) - start;
        }

        var body = text[start] == ' ' ? next : start;
        var end = CharClasses.RunEndWithout(text, body, CharClass.Space | CharClass.Number | _letters);
        return end > body ? LineBreaksEnd(text, end) - start : SpaceAt(text, start, endsWithLineBreaks: true);
    }

    public static int NumberEnd(ReadOnlySpan<char> text, int start, int most)
    {
        for (var i = 0; i < most && start < text.Length; i++)
        {
            if ((CharClasses.At(text, start, out var length) & CharClass.Number) == 0)
            {
                break;
            }

            start += length;
        }

        return start;
    }

    public static int LineBreaksEnd(ReadOnlySpan<char> text, int start)
    {
        while (start < text.Length && text[start] is ('\r' or '\n'))
        {
            start++;
        }

        return start;
    }
}
