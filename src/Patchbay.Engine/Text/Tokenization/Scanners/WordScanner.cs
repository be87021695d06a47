using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Scanners;

/// <summary>\w+|[^\w\s]+</summary>
internal sealed class WordScanner : PieceScanner
{
    public override int MatchAt(ReadOnlySpan<char> text, int start)
    {
        var end = start;
        var isWord = false;
        foreach (var rune in text[start..].EnumerateRunes())
        {
            var joins = CharClasses.IsWord(rune);
            if ((end > start && joins != isWord) || (!joins && Rune.IsWhiteSpace(rune)))
            {
                break;
            }

            isWord = joins;
            end += rune.Utf16SequenceLength;
        }

        return end - start;
    }
}
