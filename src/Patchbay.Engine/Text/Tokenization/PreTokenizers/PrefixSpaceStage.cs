namespace Patchbay.Engine.Text.Tokenization.PreTokenizers;

/// <summary>Puts a space before every piece that has none.</summary>
internal sealed class PrefixSpaceStage(PieceStage next) : PieceStage
{
    public override void Push(ReadOnlySpan<char> piece, bool isAtStart, List<int> ids) =>
        next.Push(piece.StartsWith(' ') ? piece : string.Concat(" ", piece), isAtStart, ids);
}
