namespace Patchbay.Engine.Text.Tokenization.Decoders;

/// <summary>
/// How the tokens of a vocabulary become text again. Immutable; what one sequence remembers is its <see
/// cref="Decoding"/>.
/// </summary>
internal abstract class TokenDecoder
{
    /// <summary>Begins a sequence.</summary>
    /// <param name="isEager">Text is wanted as soon as it is certain, rather than only in the end.</param>
    /// <param name="isMidway">The sequence has begun elsewhere: nothing is done to its first token that is not done to any other.</param>
    public abstract Decoding Start(bool isEager, bool isMidway = false);

    /// <summary>The bytes that a token alone stands for.</summary>
    public abstract byte[] TokenBytes(int id, ReadOnlySpan<byte> token);
}
