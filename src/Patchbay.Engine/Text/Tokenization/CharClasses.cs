using System.Globalization;
using System.Text;

namespace Patchbay.Engine.Text.Tokenization;

/// <summary>Classes of characters by table; characters beyond the first plane cost a search.</summary>
internal static class CharClasses
{
    // Pages of 256 characters, made when the first of them is asked for: most texts need a few, and a start should not wait for all.
    private static readonly CharClass[]?[] Pages = new CharClass[]?[256];

    /// <summary>The class of the character at a position; two UTF-16 units make one character.</summary>
    public static CharClass At(ReadOnlySpan<char> text, int index, out int length)
    {
        var c = text[index];
        if (!char.IsHighSurrogate(c) || index + 1 >= text.Length || !char.IsLowSurrogate(text[index + 1]))
        {
            length = 1;
            return OfUnit(c);
        }

        length = 2;
        return Of(CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(c, text[index + 1])));
    }

    public static CharClass Of(Rune rune) => rune.IsBmp ? OfUnit((char)rune.Value) : Of(Rune.GetUnicodeCategory(rune));

    /// <summary>End of the run, from a position on, of characters that have any of the classes.</summary>
    public static int RunEnd(ReadOnlySpan<char> text, int index, CharClass any)
    {
        while (index < text.Length && (At(text, index, out var length) & any) != 0)
        {
            index += length;
        }

        return index;
    }

    /// <summary>End of the run, from a position on, of characters that have none of the classes.</summary>
    public static int RunEndWithout(ReadOnlySpan<char> text, int index, CharClass none)
    {
        while (index < text.Length && (At(text, index, out var length) & none) == 0)
        {
            index += length;
        }

        return index;
    }

    /// <summary>\w of the Rust regex crate: letters, marks, decimal digits, connectors, alphabetic numbers and symbols, joiners.</summary>
    public static bool IsWord(Rune rune)
    {
        var isWordCategory = Rune.GetUnicodeCategory(rune) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber
            or UnicodeCategory.ConnectorPunctuation;
        return isWordCategory
            || (Of(rune) & (CharClass.Letter | CharClass.Mark)) != 0
            || rune.Value is 0x200C or 0x200D or (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149)
                or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189);
    }

    private static CharClass OfUnit(char c) => (Pages[c >> 8] ?? MakePage(c >> 8))[c & 0xFF];

    private static CharClass[] MakePage(int page)
    {
        var classes = new CharClass[256];
        for (var i = 0; i < classes.Length; i++)
        {
            var c = (char)((page << 8) | i);
            classes[i] = Of(CharUnicodeInfo.GetUnicodeCategory(c))
                | (char.IsWhiteSpace(c) ? CharClass.Space : CharClass.None)
                | (c is '\r' or '\n' ? CharClass.LineBreak : CharClass.None);
        }

        // Two threads may make the same page; whose stays does not matter.
        Pages[page] = classes;
        return classes;
    }

    private static CharClass Of(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => CharClass.Letter | CharClass.UpperPart,
        UnicodeCategory.LowercaseLetter => CharClass.Letter | CharClass.LowerPart,
        UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => CharClass.Letter | CharClass.UpperPart | CharClass.LowerPart,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark =>
            CharClass.Mark | CharClass.UpperPart | CharClass.LowerPart,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharClass.Number,
        UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
            or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation
            or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation => CharClass.Punctuation,
        UnicodeCategory.MathSymbol or UnicodeCategory.CurrencySymbol or UnicodeCategory.ModifierSymbol
            or UnicodeCategory.OtherSymbol => CharClass.Symbol,
        _ => CharClass.None,
    };
}
