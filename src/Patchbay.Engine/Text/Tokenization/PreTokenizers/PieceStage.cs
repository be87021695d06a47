namespace Patchbay.Engine.Text.Tokenization.PreTokenizers;

/// <summary>
/// One step of cutting text into the pieces that the model sees. Every step hands its pieces to the next one at once, so no
/// list of pieces is ever made; the last step asks the model. Immutable.
/// </summary>
internal abstract class PieceStage
{
    /// <summary>Appends the tokens of a piece.</summary>
    /// <param name="isAtStart">Whether the piece begins where the whole text begins.</param>
    public abstract void Push(ReadOnlySpan<char> piece, bool isAtStart, List<int> ids);
}
