using Patchbay.Engine.Text.Tokenization.Scanners;

namespace Patchbay.Engine.Text.Tokenization.PreTokenizers;

/// <summary>Makes a piece of every match and of what lies between matches, or of one of both only.</summary>
internal sealed class ScanStage(PieceScanner scanner, PieceStage next, bool keepsMatches = true, bool keepsGaps = true) : PieceStage
{
    public override void Push(ReadOnlySpan<char> piece, bool isAtStart, List<int> ids)
    {
        var gap = 0;
        for (var i = 0; i < piece.Length;)
        {
            var length = scanner.MatchAt(piece, i);
            if (length == 0)
            {
                i += char.IsHighSurrogate(piece[i]) ? 2 : 1;
                continue;
            }

            if (gap < i && keepsGaps)
            {
                next.Push(piece[gap..i], isAtStart && gap == 0, ids);
            }

            if (keepsMatches)
            {
                next.Push(piece.Slice(i, length), isAtStart && i == 0, ids);
            }

            i += length;
            gap = i;
        }

        if (gap < piece.Length && keepsGaps)
        {
            next.Push(piece[gap..], isAtStart && gap == 0, ids);
        }
    }
}
