using System.Buffers;
using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Models;

/// <summary>
/// Chooses, of all ways to cut a piece into tokens, the one with the highest sum of scores (arXiv:1804.10959; the details are
/// those of Hugging Face tokenizers, models/unigram).
/// </summary>
internal sealed class UnigramModel : TokenModel
{
    // SentencePiece's kUnkPenalty: an unknown character scores this much below the worst token.
    private const double UnknownPenalty = 10;

    private readonly SymbolTrie _trie = new();
    private readonly double[] _scores;
    private readonly double _unknownScore;
    private readonly int _unknownId;
    private readonly int[] _byteIds;

    /// <param name="scores">By id.</param>
    /// <param name="unknownId">For characters outside the vocabulary; -1 when the model has none.</param>
    public UnigramModel(Vocabulary vocabulary, double[] scores, int unknownId, bool fallsBackToBytes)
        : base(vocabulary)
    {
        _scores = scores;
        _unknownId = unknownId;
        _unknownScore = (scores.Length == 0 ? 0 : scores.Min()) - UnknownPenalty;
        _byteIds = fallsBackToBytes ? FindByteTokens(vocabulary) : [];
        for (var id = 0; id < vocabulary.Size; id++)
        {
            var node = 0;
            foreach (var value in vocabulary.TokenUtf8(id))
            {
                node = _trie.Grow(node, value);
            }

            if (node != 0)
            {
                _trie.SetValue(node, id);
            }
        }
    }

    public override void Tokenize(ReadOnlySpan<char> piece, List<int> ids)
    {
        var utf8 = new byte[Encoding.UTF8.GetByteCount(piece)];
        Encoding.UTF8.GetBytes(piece, utf8);
        var path = ArrayPool<Node>.Shared.Rent(utf8.Length + 1);
        FindBestPath(utf8, path);
        var cuts = new Stack<Range>();
        for (var end = utf8.Length; end > 0;)
        {
            var node = path[end];
            var start = node.Start;
            // Unknown characters in a row are one token.
            while (node.Id == _unknownId && start > 0 && path[start].Id == _unknownId)
            {
                start = path[start].Start;
            }

            cuts.Push(start..end);
            end = start;
        }

        ArrayPool<Node>.Shared.Return(path);
        foreach (var cut in cuts)
        {
            Append(utf8.AsSpan(cut), ids);
        }
    }

    private void FindBestPath(ReadOnlySpan<byte> utf8, Span<Node> path)
    {
        path[..(utf8.Length + 1)].Fill(new Node { Start = -1 });
        for (var start = 0; start < utf8.Length;)
        {
            Rune.DecodeFromUtf8(utf8[start..], out _, out var length);
            var score = path[start].Score;
            var isCharacterKnown = false;
            var node = 0;
            for (var end = start; end < utf8.Length;)
            {
                node = _trie.Step(node, utf8[end++]);
                if (node < 0)
                {
                    break;
                }

                if (_trie.ValueAt(node) is var id and >= 0)
                {
                    Improve(ref path[end], start, id, score + _scores[id]);
                    isCharacterKnown |= end - start == length;
                }
            }

            if (!isCharacterKnown)
            {
                Improve(ref path[start + length], start, _unknownId, score + _unknownScore);
            }

            start += length;
        }
    }

    private static void Improve(ref Node node, int start, int id, double score)
    {
        if (node.Start < 0 || score > node.Score)
        {
            node = new Node { Start = start, Id = id, Score = score };
        }
    }

    private void Append(ReadOnlySpan<byte> text, List<int> ids)
    {
        var id = Vocabulary.Find(text);
        if (id < 0 && _byteIds.Length > 0)
        {
            var count = ids.Count;
            foreach (var value in text)
            {
                ids.Add(_byteIds[value]);
            }

            if (!ids[count..].Contains(-1))
            {
                return;
            }

            ids.RemoveRange(count, ids.Count - count);
        }

        id = id >= 0 ? id : _unknownId;
        if (id < 0)
        {
            throw new InvalidDataException("model.unk_id: expected a token for characters outside the vocabulary, found none.");
        }

        ids.Add(id);
    }

    private struct Node
    {
        public int Start;
        public int Id;
        public double Score;
    }
}
