namespace Patchbay.Engine.Text.Tokenization;

/// <summary>U+2581, which SentencePiece writes for a space.</summary>
internal static class WordMark
{
    public const char Character = '\u2581';

    public static ReadOnlySpan<byte> Utf8 => "\u2581"u8;
}
