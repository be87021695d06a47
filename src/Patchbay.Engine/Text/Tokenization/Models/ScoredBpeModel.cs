using System.Buffers;
using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Models;

/// <summary>
/// SentencePiece's byte-pair encoding as GGUF files store it: no list of merges, two neighbours merge whenever their text is a
/// token, highest score first. Characters that are no token become the tokens of their bytes.
/// </summary>
internal sealed class ScoredBpeModel : TokenModel
{
    private const uint NoPair = uint.MaxValue;

    private readonly uint[] _ranks;
    private readonly int[] _byteIds;
    private readonly int _unknownId;

    /// <param name="scores">By id.</param>
    public ScoredBpeModel(Vocabulary vocabulary, float[] scores, int unknownId)
        : base(vocabulary)
    {
        _ranks = Rank(scores);
        _unknownId = unknownId;
        _byteIds = FindByteTokens(vocabulary);
        for (var value = 0; value < 256; value++)
        {
            _byteIds[value] = _byteIds[value] >= 0 ? _byteIds[value] : vocabulary.Find([(byte)value]);
        }
    }

    public override void Tokenize(ReadOnlySpan<char> piece, List<int> ids)
    {
        var utf8 = new byte[Encoding.UTF8.GetByteCount(piece)];
        Encoding.UTF8.GetBytes(piece, utf8);
        var symbols = ArrayPool<Symbol>.Shared.Rent(utf8.Length);
        using var heap = new PairHeap(utf8.Length);
        var count = CutCharacters(utf8, symbols);
        for (var i = 0; i + 1 < count; i++)
        {
            Offer(i);
        }

        while (heap.Count > 0)
        {
            var (rank, at) = heap.Pop();
            ref var left = ref symbols[at];
            // A pair that has changed since has another rank, a symbol that was merged away has none.
            if (left.PairRank != rank)
            {
                continue;
            }

            ref var right = ref symbols[left.Next];
            left.Length += right.Length;
            left.PairRank = NoPair;
            left.Next = right.Next;
            right.PairRank = NoPair;
            if (left.Next >= 0)
            {
                symbols[left.Next].Previous = at;
                Offer(at);
            }

            if (left.Previous >= 0)
            {
                Offer(left.Previous);
            }
        }

        for (var i = 0; i >= 0; i = symbols[i].Next)
        {
            Append(utf8.AsSpan(symbols[i].Start, symbols[i].Length), ids);
        }

        ArrayPool<Symbol>.Shared.Return(symbols);

        void Offer(int at)
        {
            ref var symbol = ref symbols[at];
            var length = symbol.Length + symbols[symbol.Next].Length;
            var id = Vocabulary.Find(utf8.AsSpan(symbol.Start, length));
            symbol.PairRank = id < 0 ? NoPair : _ranks[id];
            if (id >= 0)
            {
                heap.Push(symbol.PairRank, at);
            }
        }
    }

    private static int CutCharacters(ReadOnlySpan<byte> utf8, Span<Symbol> symbols)
    {
        var count = 0;
        for (var i = 0; i < utf8.Length;)
        {
            Rune.DecodeFromUtf8(utf8[i..], out _, out var length);
            symbols[count] = new Symbol { Start = i, Length = length, Previous = count - 1, Next = count + 1, PairRank = NoPair };
            count++;
            i += length;
        }

        symbols[count - 1].Next = -1;
        return count;
    }

    private void Append(ReadOnlySpan<byte> text, List<int> ids)
    {
        var id = Vocabulary.Find(text);
        if (id >= 0)
        {
            ids.Add(id);
            return;
        }

        foreach (var value in text)
        {
            ids.Add(_byteIds[value] >= 0 ? _byteIds[value] : _unknownId);
        }
    }

    /// <summary>Places in the order of falling scores; equal scores share a place, so that the leftmost pair goes first.</summary>
    private static uint[] Rank(float[] scores)
    {
        var places = scores.Distinct().OrderDescending().Select((score, place) => (score, place)).ToDictionary(x => x.score, x => (uint)x.place);
        return Array.ConvertAll(scores, score => places[score]);
    }

    private struct Symbol
    {
        public int Start;
        public int Length;
        public int Previous;
        public int Next;
        public uint PairRank;
    }
}
