namespace Patchbay.Engine.Text.Tokenization.PreTokenizers;

/// <summary>Writes pieces in <see cref="ByteAlphabet"/> for steps that must see them so.</summary>
internal sealed class ByteLevelStage(PieceStage next) : PieceStage
{
    public override void Push(ReadOnlySpan<char> piece, bool isAtStart, List<int> ids) =>
        next.Push(ByteAlphabet.Encode(piece), isAtStart, ids);
}
