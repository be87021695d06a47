using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Scanners;

/// <summary>
/// Punctuation as the pre-tokenizers Punctuation and BertPreTokenizer see it: ASCII punctuation and symbols, and \p{P} by the
/// tables of Unicode 8 (crate unicode_categories), which lack younger characters and have U+166D.
/// </summary>
internal static class Punctuation
{
    public static bool Contains(int character) =>
        character < 0x80
            ? char.IsPunctuation((char)character) || char.IsSymbol((char)character)
            : (CharClasses.Of(new Rune(character)) & CharClass.Punctuation) != 0 ? !IsYoung(character) : character == 0x166D;

    private static bool IsYoung(int character) => character is
        0x61D or 0x9FD or 0xA76 or 0xC77 or 0xC84 or (>= 0x1B4E and <= 0x1B4F) or (>= 0x1B7D and <= 0x1B7F)
            or (>= 0x2E43 and <= 0x2E4F) or (>= 0x2E52 and <= 0x2E5D) or 0x10D6E or 0x10EAD or 0x10ED0 or (>= 0x10F55 and <= 0x10F59)
            or (>= 0x10F86 and <= 0x10F89) or (>= 0x113D4 and <= 0x113D5) or (>= 0x113D7 and <= 0x113D8)
            or (>= 0x1144B and <= 0x1144F) or (>= 0x1145A and <= 0x1145B) or 0x1145D or (>= 0x11660 and <= 0x1166C) or 0x116B9
            or 0x1183B or (>= 0x11944 and <= 0x11946) or 0x119E2 or (>= 0x11A3F and <= 0x11A46) or (>= 0x11A9A and <= 0x11A9C)
            or (>= 0x11A9E and <= 0x11AA2) or (>= 0x11B00 and <= 0x11B09) or 0x11BE1 or (>= 0x11C41 and <= 0x11C45)
            or (>= 0x11C70 and <= 0x11C71) or (>= 0x11EF7 and <= 0x11EF8) or (>= 0x11F43 and <= 0x11F4F) or 0x11FFF
            or (>= 0x12FF1 and <= 0x12FF2) or (>= 0x16D6D and <= 0x16D6F) or (>= 0x16E97 and <= 0x16E9A) or 0x16FE2 or 0x1E5FF
            or (>= 0x1E95E and <= 0x1E95F);
}
