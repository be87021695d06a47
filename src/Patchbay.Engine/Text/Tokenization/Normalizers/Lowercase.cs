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
            result.Append(rune.Value == 0x130 ? "i\u0307" : Lower(rune).ToString());
        }

        return result.ToString();
    }

    private static Rune Lower(Rune rune) => rune.Value switch
    {
        // Letters of Unicode 16, which the ICU of many a machine does not know yet.
        0x1C89 => new Rune(0x1C8A),
        0xA7CB => new Rune(0x0264),
        0xA7CC => new Rune(0xA7CD),
        0xA7DA => new Rune(0xA7DB),
        0xA7DC => new Rune(0x019B),
        >= 0x10D50 and <= 0x10D65 => new Rune(rune.Value + 0x20),
        _ => Rune.ToLowerInvariant(rune),
    };
}
