namespace Patchbay.Engine.Text.Tokenization.Decoders;

/// <summary>Removes the spaces that cutting at punctuation has put into English text (WordPiece decoder, cleanup).</summary>
internal static class EnglishSpacing
{
    private static readonly (string Search, string Content)[] Replacements =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
        (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    public static string Clean(string text) =>
        Replacements.Aggregate(text, (current, pair) => current.Replace(pair.Search, pair.Content, StringComparison.Ordinal));
}
