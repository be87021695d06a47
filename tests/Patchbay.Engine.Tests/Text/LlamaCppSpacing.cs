using System.Text;

namespace Patchbay.Engine.Tests.Text;

/// <summary>
/// What llama.cpp's detokenizer does to the whole text of a llama-bpe vocabulary in the end: it drops spaces before punctuation
/// and contractions. Its server, which streams token by token, does not, and neither do we: "(a, ...b)" would become "(a,...b)".
/// So the reference texts of that vocabulary are compared after the same treatment.
/// </summary>
internal static class LlamaCppSpacing
{
    public static string Clean(string text) => CleanContractions(CleanApostrophes(CleanPunctuation(text)));

    private static string CleanPunctuation(string text)
    {
        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (i > 0 && text[i - 1] == ' ' && text[i] is ('?' or '!' or '.' or ','))
            {
                result.Length--;
            }

            result.Append(text[i]);
        }

        return result.ToString();
    }

    private static string CleanApostrophes(string text)
    {
        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (i > 0 && i + 1 < text.Length && text[i] == '\'' && text[i - 1] == ' ' && text[i + 1] == ' ')
            {
                // The space behind is passed over, and no longer counts as one for what follows.
                result.Length--;
                result.Append('\'');
                text = text[..(i + 1)] + '\0' + text[(i + 2)..];
                i++;
                continue;
            }

            result.Append(text[i]);
        }

        return result.ToString();
    }

    private static string CleanContractions(string text)
    {
        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var isContraction = i > 0 && text[i - 1] == ' ' && text[i] == '\'' && i + 1 < text.Length
                && (text[i + 1] is 's' or 'm' || (i + 2 < text.Length && text[(i + 1)..(i + 3)] is ("re" or "ve")));
            if (isContraction)
            {
                result.Length--;
            }

            result.Append(text[i]);
        }

        return result.ToString();
    }
}
