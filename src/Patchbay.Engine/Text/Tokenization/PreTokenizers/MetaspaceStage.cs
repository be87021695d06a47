namespace Patchbay.Engine.Text.Tokenization.PreTokenizers;

/// <summary>Writes spaces as a visible mark, puts one before the text, and cuts before each mark if asked (SentencePiece).</summary>
internal sealed class MetaspaceStage(char mark, PrependScheme scheme, bool splits, PieceStage next) : PieceStage
{
    public override void Push(ReadOnlySpan<char> piece, bool isAtStart, List<int> ids)
    {
        var marked = piece.ToString().Replace(' ', mark);
        var isPrepended = scheme == PrependScheme.Always || (scheme == PrependScheme.First && isAtStart);
        if (isPrepended && !marked.StartsWith(mark))
        {
            marked = mark + marked;
        }

        if (!splits)
        {
            next.Push(marked, isAtStart, ids);
            return;
        }

        for (var start = 0; start < marked.Length;)
        {
            var end = NextPiece(marked, start);
            next.Push(marked.AsSpan(start, end - start), isAtStart && start == 0, ids);
            start = end;
        }
    }

    // A mark begins a piece; of several in a row each is a piece, the last one with the word behind it.
    private int NextPiece(string text, int start)
    {
        var end = text.IndexOf(mark, start + 1);
        return end < 0 ? text.Length : end;
    }
}
