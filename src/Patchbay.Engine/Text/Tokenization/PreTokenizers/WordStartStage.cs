namespace Patchbay.Engine.Text.Tokenization.PreTokenizers;

/// <summary>
/// Cuts before a mark that follows anything but a mark. A model none of whose tokens has a mark inside can never merge across
/// these places, so its result is the same; short pieces are found in the cache, a whole text never is.
/// </summary>
internal sealed class WordStartStage(char mark, PieceStage next) : PieceStage
{
    public override void Push(ReadOnlySpan<char> piece, bool isAtStart, List<int> ids)
    {
        var start = 0;
        for (var i = 1; i < piece.Length; i++)
        {
            if (piece[i] == mark && piece[i - 1] != mark)
            {
                next.Push(piece[start..i], isAtStart && start == 0, ids);
                start = i;
            }
        }

        next.Push(piece[start..], isAtStart && start == 0, ids);
    }
}
