namespace Patchbay.Engine.Text.Tokenization.Scanners;

/// <summary>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</summary>
internal sealed class Gpt2Scanner : PieceScanner
{
    public const string Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    public static Gpt2Scanner Instance { get; } = new();

    public override int MatchAt(ReadOnlySpan<char> text, int start)
    {
        if (ContractionAt(text, start, ignoresCase: false) is var contraction and > 0)
        {
            return contraction;
        }

        var body = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        var first = CharClasses.At(text, body, out var length);
        if ((first & CharClass.Space) != 0)
        {
            return SpaceAt(text, start, endsWithLineBreaks: false);
        }

        var end = (first & (CharClass.Letter | CharClass.Number)) switch
        {
            CharClass.None => CharClasses.RunEndWithout(text, body + length, CharClass.Space | CharClass.Letter | CharClass.Number),
            var same => CharClasses.RunEnd(text, body + length, same),
        };
        return end - start;
    }
}
