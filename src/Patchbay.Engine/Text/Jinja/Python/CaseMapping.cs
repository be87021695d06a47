using System.Text;

namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary>Upper, lower and title case by Unicode's full mappings, where one character may become several.</summary>
internal static class CaseMapping
{
    /// <summary>Characters whose upper case is longer, each followed by it (Unicode, SpecialCasing.txt).</summary>
    private const string LongUpper =
        "\u00DFSS \u0149\u02BCN \u01F0J\u030C \u0390\u0399\u0308\u0301 \u03B0\u03A5\u0308\u0301 \u0587\u0535\u0552 " +
        "\u1E96H\u0331 \u1E97T\u0308 \u1E98W\u030A \u1E99Y\u030A \u1E9AA\u02BE \u1F50\u03A5\u0313 " +
        "\u1F52\u03A5\u0313\u0300 \u1F54\u03A5\u0313\u0301 \u1F56\u03A5\u0313\u0342 \u1F80\u1F08\u0399 \u1F81\u1F09\u0399 \u1F82\u1F0A\u0399 " +
        "\u1F83\u1F0B\u0399 \u1F84\u1F0C\u0399 \u1F85\u1F0D\u0399 \u1F86\u1F0E\u0399 \u1F87\u1F0F\u0399 \u1F88\u1F08\u0399 " +
        "\u1F89\u1F09\u0399 \u1F8A\u1F0A\u0399 \u1F8B\u1F0B\u0399 \u1F8C\u1F0C\u0399 \u1F8D\u1F0D\u0399 \u1F8E\u1F0E\u0399 " +
        "\u1F8F\u1F0F\u0399 \u1F90\u1F28\u0399 \u1F91\u1F29\u0399 \u1F92\u1F2A\u0399 \u1F93\u1F2B\u0399 \u1F94\u1F2C\u0399 " +
        "\u1F95\u1F2D\u0399 \u1F96\u1F2E\u0399 \u1F97\u1F2F\u0399 \u1F98\u1F28\u0399 \u1F99\u1F29\u0399 \u1F9A\u1F2A\u0399 " +
        "\u1F9B\u1F2B\u0399 \u1F9C\u1F2C\u0399 \u1F9D\u1F2D\u0399 \u1F9E\u1F2E\u0399 \u1F9F\u1F2F\u0399 \u1FA0\u1F68\u0399 " +
        "\u1FA1\u1F69\u0399 \u1FA2\u1F6A\u0399 \u1FA3\u1F6B\u0399 \u1FA4\u1F6C\u0399 \u1FA5\u1F6D\u0399 \u1FA6\u1F6E\u0399 " +
        "\u1FA7\u1F6F\u0399 \u1FA8\u1F68\u0399 \u1FA9\u1F69\u0399 \u1FAA\u1F6A\u0399 \u1FAB\u1F6B\u0399 \u1FAC\u1F6C\u0399 " +
        "\u1FAD\u1F6D\u0399 \u1FAE\u1F6E\u0399 \u1FAF\u1F6F\u0399 \u1FB2\u1FBA\u0399 \u1FB3\u0391\u0399 \u1FB4\u0386\u0399 " +
        "\u1FB6\u0391\u0342 \u1FB7\u0391\u0342\u0399 \u1FBC\u0391\u0399 \u1FC2\u1FCA\u0399 \u1FC3\u0397\u0399 \u1FC4\u0389\u0399 " +
        "\u1FC6\u0397\u0342 \u1FC7\u0397\u0342\u0399 \u1FCC\u0397\u0399 \u1FD2\u0399\u0308\u0300 \u1FD3\u0399\u0308\u0301 \u1FD6\u0399\u0342 " +
        "\u1FD7\u0399\u0308\u0342 \u1FE2\u03A5\u0308\u0300 \u1FE3\u03A5\u0308\u0301 \u1FE4\u03A1\u0313 \u1FE6\u03A5\u0342 \u1FE7\u03A5\u0308\u0342 " +
        "\u1FF2\u1FFA\u0399 \u1FF3\u03A9\u0399 \u1FF4\u038F\u0399 \u1FF6\u03A9\u0342 \u1FF7\u03A9\u0342\u0399 \u1FFC\u03A9\u0399 " +
        "\uFB00FF \uFB01FI \uFB02FL \uFB03FFI \uFB04FFL \uFB05ST " +
        "\uFB06ST \uFB13\u0544\u0546 \uFB14\u0544\u0535 \uFB15\u0544\u053B \uFB16\u054E\u0546 \uFB17\u0544\u053D ";

    private static readonly Dictionary<char, string> s_longUpper =
        LongUpper.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToDictionary(entry => entry[0], entry => entry[1..]);

    public static string Upper(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text.ToUpperInvariant();
        }

        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            AppendUpper(result, rune);
        }

        return result.ToString();
    }

    public static string Lower(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text.ToLowerInvariant();
        }

        var result = new StringBuilder(text.Length);
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            AppendLower(result, text, at, rune);
            at += rune.Utf16SequenceLength;
        }

        return result.ToString();
    }

    /// <summary>Lower case for comparing, which also unifies variants such as the final sigma.</summary>
    public static string Fold(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text.ToLowerInvariant();
        }

        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                // The dotless i is no variant of i, and Cherokee folds to its older letters, which are the capitals.
                0x131 => result.Append('\u0131'),
                (>= 0x13A0 and <= 0x13FD) or (>= 0xAB70 and <= 0xABBF) => result.Append(SimpleUpper(rune).ToString()),
                _ => result.Append(Lower(Upper(rune.ToString()))),
            };
        }

        return result.ToString();
    }

    /// <summary>Every run of letters in lower case with a capital first.</summary>
    public static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        var inWord = false;
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (inWord)
            {
                AppendLower(result, text, at, rune);
            }
            else
            {
                AppendTitle(result, rune);
            }

            inWord = CharacterClass.IsCased(rune);
            at += rune.Utf16SequenceLength;
        }

        return result.ToString();
    }

    /// <summary>The first character as a capital, all others in lower case.</summary>
    public static string Capitalize(string text)
    {
        if (text.Length == 0)
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        var width = PythonText.WidthAt(text, 0);
        AppendTitle(result, Rune.TryGetRuneAt(text, 0, out var first) ? first : Rune.ReplacementChar);
        return result.Append(Lower(text[width..])).ToString();
    }

    public static string SwapCase(string text)
    {
        var result = new StringBuilder(text.Length);
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (CharacterClass.IsUpper(rune))
            {
                AppendLower(result, text, at, rune);
            }
            else if (CharacterClass.IsLower(rune))
            {
                AppendUpper(result, rune);
            }
            else
            {
                result.Append(rune.ToString());
            }

            at += rune.Utf16SequenceLength;
        }

        return result.ToString();
    }

    private static void AppendUpper(StringBuilder result, Rune rune)
    {
        if (rune.IsBmp && s_longUpper.TryGetValue((char)rune.Value, out var upper))
        {
            result.Append(upper);
            return;
        }

        result.Append(SimpleUpper(rune).ToString());
    }

    /// <summary>.NET leaves a few letters alone that have a capital in another script or language.</summary>
    private static Rune SimpleUpper(Rune rune) => rune.Value switch
    {
        0x131 => new Rune('I'),
        0x17F => new Rune('S'),
        _ => Rune.ToUpperInvariant(rune),
    };

    private static void AppendTitle(StringBuilder result, Rune rune)
    {
        switch (rune.Value)
        {
            // The digraphs have a form of their own for titles.
            case >= 0x1C4 and <= 0x1CC:
                result.Append((char)(0x1C5 + ((rune.Value - 0x1C4) / 3 * 3)));
                break;
            case >= 0x1F1 and <= 0x1F3:
                result.Append('\u01F2');
                break;
            // Georgian has capitals, but none at the start of a word.
            case >= 0x10D0 and <= 0x10FF:
                result.Append((char)rune.Value);
                break;
            case var value when SimpleUpper(rune) is var simple && simple.Value == value && rune.IsBmp && s_longUpper.TryGetValue((char)value, out var upper)
                && CharacterClass.IsLower(rune):
                result.Append(upper[0]).Append(Lower(upper[1..]));
                break;
            default:
                result.Append(SimpleUpper(rune).ToString());
                break;
        }
    }

    private static void AppendLower(StringBuilder result, string text, int at, Rune rune)
    {
        switch (rune.Value)
        {
            case 0x130:
                result.Append("i\u0307");
                break;
            case 0x3A3:
                result.Append(IsFinalSigma(text, at) ? '\u03C2' : '\u03C3');
                break;
            default:
                result.Append(Rune.ToLowerInvariant(rune).ToString());
                break;
        }
    }

    /// <summary>A sigma that ends a word is written differently.</summary>
    private static bool IsFinalSigma(string text, int at)
    {
        var before = at - 1;
        while (before >= 0 && CharacterClass.IsIgnoredInCase(text[before]))
        {
            before--;
        }

        var after = at + 1;
        while (after < text.Length && CharacterClass.IsIgnoredInCase(text[after]))
        {
            after++;
        }

        return before >= 0 && char.IsLetter(text[before]) && (after >= text.Length || !char.IsLetter(text[after]));
    }
}
