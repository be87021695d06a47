using Patchbay.Engine.Text.Tokenization.Scanners;

namespace Patchbay.Engine.Text.Tokenization.PreTokenizers;

/// <summary>
/// Cuts where the script changes; characters of no script belong to what is before them. At the start nothing is before them,
/// and the original drops them; so does this.
/// </summary>
internal sealed class UnicodeScriptStage(PieceStage next) : PieceStage
{
    private const int None = 0;

    public override void Push(ReadOnlySpan<char> piece, bool isAtStart, List<int> ids)
    {
        var start = -1;
        var at = 0;
        var last = -1;
        foreach (var rune in piece.EnumerateRunes())
        {
            var script = UnicodeScriptRanges.Of(rune.Value);
            if (script != None)
            {
                if (script != last)
                {
                    Cut(piece, start, at, isAtStart, ids);
                    start = at;
                }

                last = script;
            }

            at += rune.Utf16SequenceLength;
        }

        Cut(piece, start, piece.Length, isAtStart, ids);
    }

    private void Cut(ReadOnlySpan<char> piece, int start, int end, bool isAtStart, List<int> ids)
    {
        if (start >= 0)
        {
            next.Push(piece[start..end], isAtStart && start == 0, ids);
        }
    }
}
