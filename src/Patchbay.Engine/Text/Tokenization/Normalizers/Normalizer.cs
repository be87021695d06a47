namespace Patchbay.Engine.Text.Tokenization.Normalizers;

/// <summary>Rewrites text before it is cut into pieces. Immutable.</summary>
internal abstract class Normalizer
{
    /// <param name="text">Not empty, without lone surrogates.</param>
    public abstract string Normalize(string text);
}
