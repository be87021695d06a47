using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Scanners;

/// <summary>Up to a number of characters in a row that a condition holds for.</summary>
internal sealed class RunScanner(Func<int, bool> isMember, int most = int.MaxValue) : PieceScanner
{
    public static RunScanner Numbers(int most) => new(IsNumber, most);

    public static bool IsNumber(int character) => Has(character, CharClass.Number);

    public static bool IsSpace(int character) => Has(character, CharClass.Space);

    public override int MatchAt(ReadOnlySpan<char> text, int start)
    {
        var end = start;
        for (var i = 0; i < most && end < text.Length; i++)
        {
            var isPair = char.IsHighSurrogate(text[end]) && end + 1 < text.Length;
            if (!isMember(isPair ? char.ConvertToUtf32(text[end], text[end + 1]) : text[end]))
            {
                break;
            }

            end += isPair ? 2 : 1;
        }

        return end - start;
    }

    private static bool Has(int character, CharClass any) => (CharClasses.Of(new Rune(character)) & any) != 0;
}
