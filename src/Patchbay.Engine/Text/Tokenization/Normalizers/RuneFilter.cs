using System.Globalization;
using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Normalizers;

/// <summary>Keeps, drops or replaces single characters.</summary>
/// <param name="map">What a character becomes; null drops it.</param>
internal sealed class RuneFilter(Func<Rune, Rune?> map) : Normalizer
{
    private static readonly Rune Space = new(' ');

    /// <summary>
    /// Drops combining marks of every kind, by the tables of Unicode 9: U+1CF2 and U+1CF3 were marks before they became
    /// letters.
    /// </summary>
    public static RuneFilter WithoutAccents { get; } =
        new(rune => (CharClasses.Of(rune) & CharClass.Mark) != 0 || rune.Value is 0x1CF2 or 0x1CF3 ? null : rune);

    /// <summary>Drops the marks that take no space of their own.</summary>
    public static RuneFilter WithoutNonSpacingMarks { get; } =
        new(rune => Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark ? null : rune);

    /// <summary>SentencePiece's nmt: drops controls, makes every kind of white space a space.</summary>
    public static RuneFilter Nmt { get; } = new(rune => rune.Value switch
    {
        (>= 0x01 and <= 0x08) or 0x0B or (>= 0x0E and <= 0x1F) or 0x7F or 0x8F or 0x9F => null,
        0x09 or 0x0A or 0x0C or 0x0D or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD => Space,
        _ => rune,
    });

    /// <summary>BERT's clean_text: drops controls and U+FFFD, makes every kind of white space a space.</summary>
    public static RuneFilter BertClean { get; } = new(rune =>
    {
        if (rune.Value is '\t' or '\n' or '\r')
        {
            return Space;
        }

        var isDropped = rune.Value is 0 or 0xFFFD || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.PrivateUse;
        return isDropped ? null : Rune.IsWhiteSpace(rune) ? Space : rune;
    });

    public override string Normalize(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (map(rune) is { } kept)
            {
                result.Append(kept.ToString());
            }
        }

        return result.ToString();
    }
}
