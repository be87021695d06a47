namespace Patchbay.Engine.Text.Tokenization.Scanners;

/// <summary>A literal text.</summary>
internal sealed class TextScanner(string literal) : PieceScanner
{
    public override int MatchAt(ReadOnlySpan<char> text, int start) =>
        text[start..].StartsWith(literal, StringComparison.Ordinal) ? literal.Length : 0;
}
