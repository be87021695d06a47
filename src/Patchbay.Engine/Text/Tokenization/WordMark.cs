namespace Patchbay.Engine.Text.Tokenization;

/// <summary>U+2581, which SentencePiece writes for a space.</summary>
internal static class WordMark
{
    public const char Character = '\u2581';

    public static ReadOnlySpan<byte> Utf8 => "\u2581"u8;

    /// <summary>
    /// Whether the mark is a token, and none of the given tokens has it behind anything but another mark; then text may be cut
    /// before the marks that begin words.
    /// </summary>
    public static bool NeverInside(Vocabulary vocabulary, IEnumerable<int> ids)
    {
        if (vocabulary.Find(Utf8) < 0)
        {
            return false;
        }

        foreach (var id in ids)
        {
            var token = vocabulary.TokenUtf8(id);
            while (token.StartsWith(Utf8))
            {
                token = token[Utf8.Length..];
            }

            if (token.IndexOf(Utf8) >= 0)
            {
                return false;
            }
        }

        return true;
    }
}
