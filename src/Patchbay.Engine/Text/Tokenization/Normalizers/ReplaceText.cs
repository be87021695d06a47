namespace Patchbay.Engine.Text.Tokenization.Normalizers;

/// <summary>Replaces one literal text by another.</summary>
internal sealed class ReplaceText(string search, string content) : Normalizer
{
    public override string Normalize(string text) => text.Replace(search, content, StringComparison.Ordinal);
}
