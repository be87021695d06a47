namespace Patchbay.Engine.Text.Tokenization;

/// <summary>
/// Tokens of pieces seen before. A fixed number of slots, each holding the piece that came last: bounded, and safe for many
/// threads without a lock, because a slot changes by one reference to an immutable entry.
/// </summary>
internal sealed class PieceCache
{
    private const int Slots = 1 << 15;

    // Longer pieces hardly ever repeat, save runs of white space.
    private const int LongestPiece = 256;

    private readonly Entry?[] _entries = new Entry?[Slots];

    public bool TryAppend(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (piece.Length > LongestPiece)
        {
            return false;
        }

        var hash = string.GetHashCode(piece);
        var entry = _entries[hash & (Slots - 1)];
        if (entry is null || entry.Hash != hash || !piece.SequenceEqual(entry.Piece))
        {
            return false;
        }

        ids.AddRange(entry.Ids.AsSpan());
        return true;
    }

    public void Add(ReadOnlySpan<char> piece, ReadOnlySpan<int> ids)
    {
        if (piece.Length <= LongestPiece)
        {
            var hash = string.GetHashCode(piece);
            _entries[hash & (Slots - 1)] = new Entry(hash, piece.ToString(), ids.ToArray());
        }
    }

    private sealed record Entry(int Hash, string Piece, int[] Ids);
}
