namespace Patchbay.Engine.Text.Tokenization.PreTokenizers;

/// <summary>
/// Cuts between two characters that no merge ever joins: a model that sees whole texts gives the same tokens for the parts, and
/// parts are found in the cache, where whole texts never are. Only ASCII and the word mark are looked at.
/// </summary>
internal sealed class NeverMergedStage : PieceStage
{
    private const int Mark = 128;
    private const int Characters = 129;

    // (left, right): whether both are tokens and no longer token has one behind the other.
    private readonly bool[] _isCut = new bool[Characters * Characters];
    private readonly PieceStage _next;

    /// <param name="results">The tokens that merges make.</param>
    public NeverMergedStage(Vocabulary vocabulary, IEnumerable<int> results, PieceStage next)
    {
        _next = next;
        for (var left = 0; left < Characters; left++)
        {
            for (var right = 0; right < Characters; right++)
            {
                _isCut[(left * Characters) + right] = IsToken(vocabulary, left) && IsToken(vocabulary, right);
            }
        }

        foreach (var id in results)
        {
            Join(vocabulary.TokenUtf8(id));
        }
    }

    public override void Push(ReadOnlySpan<char> piece, bool isAtStart, List<int> ids)
    {
        var start = 0;
        var left = -1;
        for (var i = 0; i < piece.Length; i++)
        {
            var right = piece[i] < Mark ? piece[i] : piece[i] == WordMark.Character ? Mark : -1;
            if (left >= 0 && right >= 0 && _isCut[(left * Characters) + right])
            {
                _next.Push(piece[start..i], isAtStart && start == 0, ids);
                start = i;
            }

            left = right;
        }

        _next.Push(piece[start..], isAtStart && start == 0, ids);
    }

    private void Join(ReadOnlySpan<byte> token)
    {
        var left = -1;
        while (!token.IsEmpty)
        {
            var isMark = token.StartsWith(WordMark.Utf8);
            var right = isMark ? Mark : token[0] < Mark ? token[0] : -1;
            if (left >= 0 && right >= 0)
            {
                _isCut[(left * Characters) + right] = false;
            }

            left = right;
            token = token[(isMark ? WordMark.Utf8.Length : 1)..];
        }
    }

    private static bool IsToken(Vocabulary vocabulary, int character) =>
        vocabulary.Find(character == Mark ? WordMark.Utf8 : [(byte)character]) >= 0;
}
