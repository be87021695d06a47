using System.Runtime.InteropServices;
using Patchbay.Engine.Text.Tokenization.Models;

namespace Patchbay.Engine.Text.Tokenization.PreTokenizers;

/// <summary>The last step: asks the model, and remembers what it said.</summary>
internal sealed class ModelStage(TokenModel model) : PieceStage
{
    private readonly PieceCache _cache = new();

    public override void Push(ReadOnlySpan<char> piece, bool isAtStart, List<int> ids)
    {
        if (piece.IsEmpty || _cache.TryAppend(piece, ids))
        {
            return;
        }

        var known = ids.Count;
        model.Tokenize(piece, ids);
        _cache.Add(piece, CollectionsMarshal.AsSpan(ids)[known..]);
    }
}
