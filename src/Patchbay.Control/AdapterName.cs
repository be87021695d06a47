using System.Globalization;
using System.Text;

namespace Patchbay.Control;

/// <summary>Which names an adapter may have: ones that cannot be mistaken for a path, a digest, a route or another name.</summary>
public static class AdapterName
{
    /// <summary>Most UTF-16 units of a name.</summary>
    public const int MaxLength = 128;

    private const string Forbidden = "/\\@:,\"'`<>|*?";

    // Letters that look like ASCII ones, the whole reason why a name of only these is refused.
    private const string LookAlikes = "АВЕКМНОРСТУХаесорухіјѕԁɡһΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαρνικυ";

    /// <summary>Says what is wrong with a name in one sentence, or null where it is a good one.</summary>
    public static string? FindProblem(string? name, string baseName)
    {
        if (string.IsNullOrEmpty(name))
        {
            return "An adapter name must not be empty.";
        }
        if (name.Length > MaxLength)
        {
            return $"An adapter name has at most {MaxLength} characters; this one has {name.Length}.";
        }
        if (IsReserved(name, baseName))
        {
            return $"The adapter name '{name}' is taken by the base model; choose another.";
        }
        return FindCharacterProblem(name) ?? FindLookAlikeProblem(name);
    }

    private static bool IsReserved(string name, string baseName) =>
        name.Equals("default", StringComparison.OrdinalIgnoreCase) || name.Equals("base", StringComparison.OrdinalIgnoreCase)
        || name.Equals(baseName, StringComparison.OrdinalIgnoreCase);

    private static string? FindCharacterProblem(string name)
    {
        if (char.IsWhiteSpace(name[0]) || char.IsWhiteSpace(name[^1]))
        {
            return "An adapter name must not begin or end with white space.";
        }
        if (name[0] == '.' || name.Contains("..", StringComparison.Ordinal))
        {
            return "An adapter name must not begin with a dot or hold '..'.";
        }
        for (var i = 0; i < name.Length; i++)
        {
            if (!Rune.TryGetRuneAt(name, i, out var rune))
            {
                return $"An adapter name must be valid Unicode; character {i + 1} is half a surrogate pair.";
            }
            if (!IsAllowed(rune))
            {
                return $"An adapter name must not hold U+{rune.Value:X4} (character {i + 1}); letters, digits, '-', '_', '.', '+' and single spaces are safe.";
            }
            i += rune.Utf16SequenceLength - 1;
        }
        return null;
    }

    private static bool IsAllowed(Rune rune) => rune.IsAscii
        ? rune.Value is >= 0x20 and < 0x7f && !Forbidden.Contains((char)rune.Value, StringComparison.Ordinal)
        : Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter
            or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter
            or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.DecimalDigitNumber;

    private static string? FindLookAlikeProblem(string name)
    {
        if (!name.IsNormalized(NormalizationForm.FormKC))
        {
            return "An adapter name must be in Unicode normalization form NFKC, so that equal looks mean equal names.";
        }
        bool latin = false, other = false, onlyLookAlikes = true;
        foreach (var letter in name)
        {
            latin |= char.IsAsciiLetter(letter) || letter is >= '\u00c0' and <= '\u024f';
            if (letter is >= '\u0370' and <= '\u052f' or '\u0261')
            {
                other = true;
                onlyLookAlikes &= LookAlikes.Contains(letter, StringComparison.Ordinal);
            }
        }
        return other && (latin || onlyLookAlikes)
            ? "An adapter name must not mix Latin letters with Greek or Cyrillic ones, or be made of letters that look like Latin ones."
            : null;
    }
}
