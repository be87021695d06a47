using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Normalizers;

/// <summary>One of the four Unicode normalization forms.</summary>
internal sealed class UnicodeForm(NormalizationForm form) : Normalizer
{
    // .NET refuses this one character (and lone surrogates, which are gone by now). It neither changes nor joins others.
    private const char Refused = '\uFFFE';

    public override string Normalize(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text;
        }

        return text.Contains(Refused)
            ? string.Join(Refused, text.Split(Refused).Select(part => part.Normalize(form)))
            : text.Normalize(form);
    }
}
