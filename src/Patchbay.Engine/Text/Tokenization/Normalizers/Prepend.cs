namespace Patchbay.Engine.Text.Tokenization.Normalizers;

/// <summary>Puts a text in front.</summary>
internal sealed class Prepend(string prefix) : Normalizer
{
    public override string Normalize(string text) => prefix + text;
}
