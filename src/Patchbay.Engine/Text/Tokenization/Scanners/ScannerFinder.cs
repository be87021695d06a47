namespace Patchbay.Engine.Text.Tokenization.Scanners;

/// <summary>All matches of a scanner.</summary>
internal sealed class ScannerFinder(PieceScanner scanner) : IMatchFinder
{
    public void FindAll(ReadOnlySpan<char> text, List<(int Start, int End)> matches)
    {
        for (var i = 0; i < text.Length;)
        {
            var length = scanner.MatchAt(text, i);
            if (length > 0)
            {
                matches.Add((i, i + length));
            }

            i += length > 0 ? length : char.IsHighSurrogate(text[i]) ? 2 : 1;
        }
    }
}
