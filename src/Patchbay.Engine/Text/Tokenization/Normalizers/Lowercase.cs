using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Normalizers;

/// <summary>Character by character, without regard to language or to what is around.</summary>
internal sealed class Lowercase : Normalizer
{
    public override string Normalize(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            // The only character whose lower case is two characters (SpecialCasing.txt).
            result.Append(rune.Value == 0x130 ? "i\u0307" : Rune.ToLowerInvariant(rune).ToString());
        }

        return result.ToString();
    }
}
