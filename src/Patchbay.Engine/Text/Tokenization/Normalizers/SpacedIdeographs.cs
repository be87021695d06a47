using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Normalizers;

/// <summary>Puts spaces around every CJK ideograph, so that each becomes a word (BERT's handle_chinese_chars).</summary>
internal sealed class SpacedIdeographs : Normalizer
{
    public override string Normalize(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            result.Append(IsIdeograph(rune.Value) ? $" {rune} " : rune.ToString());
        }

        return result.ToString();
    }

    // The blocks that BERT lists (tokenization.py, _is_chinese_char).
    private static bool IsIdeograph(int character) => character
        is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F)
        or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
