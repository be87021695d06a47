using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Normalizers;

/// <summary>One of the four Unicode normalization forms.</summary>
internal sealed class UnicodeForm(NormalizationForm form) : Normalizer
{
    public override string Normalize(string text) => Ascii.IsValid(text) ? text : text.Normalize(form);
}
