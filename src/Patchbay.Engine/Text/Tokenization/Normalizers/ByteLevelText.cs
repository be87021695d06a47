namespace Patchbay.Engine.Text.Tokenization.Normalizers;

/// <summary>Writes the text in <see cref="ByteAlphabet"/>.</summary>
internal sealed class ByteLevelText : Normalizer
{
    public override string Normalize(string text) => ByteAlphabet.Encode(text);
}
