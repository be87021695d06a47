using System.Buffers;
using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Models;

/// <summary>
/// Byte-pair encoding: starts with characters (or bytes) and merges the pair of lowest rank until none is left
/// (arXiv:1508.07909; the details are those of Hugging Face tokenizers, models/bpe).
/// </summary>
internal sealed class BpeModel : TokenModel
{
    private const int StackBytes = 512;

    private readonly MergeTable _merges;
    private readonly BpeOptions _options;
    private readonly int[] _byteLevelIds = [];
    private readonly int[] _asciiIds = new int[128];
    private readonly int[] _fallbackIds = [];

    public BpeModel(Vocabulary vocabulary, MergeTable merges, BpeOptions options)
        : base(vocabulary)
    {
        _merges = merges;
        _options = options;
        if (options.IsByteLevel)
        {
            _byteLevelIds = new int[256];
            for (var value = 0; value < 256; value++)
            {
                _byteLevelIds[value] = vocabulary.Find(ByteAlphabet.ToCharacter((byte)value).ToString());
            }
        }

        for (var c = 0; c < _asciiIds.Length; c++)
        {
            _asciiIds[c] = vocabulary.Find([(byte)c]);
        }

        if (options.FallsBackToBytes)
        {
            _fallbackIds = FindByteTokens(vocabulary);
        }
    }

    /// <summary>Pieces are to be given as they are, not in the byte alphabet.</summary>
    public bool TakesBytes => _options.IsByteLevel;

    public override void Tokenize(ReadOnlySpan<char> piece, List<int> ids)
    {
        // No symbol is shorter than a byte of UTF-8, and no UTF-16 unit becomes more than three.
        var most = piece.Length * 3;
        var bytes = most <= StackBytes ? stackalloc byte[most] : new byte[most];
        var utf8 = bytes[..Encoding.UTF8.GetBytes(piece, bytes)];
        if (_options.IgnoresMerges && FindWhole(utf8) is var whole and >= 0)
        {
            ids.Add(whole);
            return;
        }

        var rented = ArrayPool<int>.Shared.Rent(utf8.Length + 1);
        var count = _options.IsByteLevel ? StartWithBytes(utf8, rented) : StartWithCharacters(utf8, rented);
        count = MergePairs.Run(_merges, rented.AsSpan(0, count));
        ids.AddRange(rented.AsSpan(0, count));
        ArrayPool<int>.Shared.Return(rented);
    }

    private int FindWhole(ReadOnlySpan<byte> utf8)
    {
        if (!_options.IsByteLevel)
        {
            return Vocabulary.Find(utf8);
        }

        var most = utf8.Length * 2;
        var written = 0;
        var mapped = most <= StackBytes ? stackalloc byte[most] : new byte[most];
        foreach (var value in utf8)
        {
            var c = ByteAlphabet.ToCharacter(value);
            if (c < 0x80)
            {
                mapped[written++] = (byte)c;
            }
            else
            {
                mapped[written++] = (byte)(0xC0 | (c >> 6));
                mapped[written++] = (byte)(0x80 | (c & 0x3F));
            }
        }

        return Vocabulary.Find(mapped[..written]);
    }

    private int StartWithBytes(ReadOnlySpan<byte> utf8, Span<int> symbols)
    {
        var start = new SymbolWriter(symbols, _options);
        foreach (var value in utf8)
        {
            var id = _byteLevelIds[value];
            if (id >= 0)
            {
                start.Known(id);
            }
            else
            {
                start.Unknown();
            }
        }

        return start.Finish();
    }

    private int StartWithCharacters(ReadOnlySpan<byte> utf8, Span<int> symbols)
    {
        var start = new SymbolWriter(symbols, _options);
        for (var i = 0; i < utf8.Length;)
        {
            Rune.DecodeFromUtf8(utf8[i..], out _, out var length);
            var text = utf8.Slice(i, length);
            var isDressed = (_options.ContinuingPrefix.Length > 0 && i > 0)
                || (_options.EndSuffix.Length > 0 && i + length == utf8.Length);
            if (isDressed)
            {
                text = Dress(text, isFirst: i == 0, isLast: i + length == utf8.Length);
            }

            var id = text.Length == 1 ? _asciiIds[text[0]] : Vocabulary.Find(text);
            if (id >= 0)
            {
                start.Known(id);
            }
            else if (!TryFallBack(text, ref start))
            {
                start.Unknown();
            }

            i += length;
        }

        return start.Finish();
    }

    private byte[] Dress(ReadOnlySpan<byte> character, bool isFirst, bool isLast) => Encoding.UTF8.GetBytes(
        (isFirst ? "" : _options.ContinuingPrefix) + Encoding.UTF8.GetString(character) + (isLast ? _options.EndSuffix : ""));

    private bool TryFallBack(ReadOnlySpan<byte> text, ref SymbolWriter start)
    {
        if (!_options.FallsBackToBytes)
        {
            return false;
        }

        foreach (var value in text)
        {
            if (_fallbackIds[value] < 0)
            {
                return false;
            }
        }

        // Longer than the character when it is dressed; no vocabulary has both, and the buffer must not be overrun.
        if (text.Length > start.Room)
        {
            return false;
        }

        foreach (var value in text)
        {
            start.Byte(_fallbackIds[value]);
        }

        return true;
    }

    /// <summary>Writes the first symbols of a piece; an unknown one waits until it is clear whether more follow.</summary>
    private ref struct SymbolWriter(Span<int> symbols, BpeOptions options)
    {
        private readonly Span<int> _symbols = symbols;
        private int _count;
        private bool _isUnknownWaiting;

        public readonly int Room => _symbols.Length - _count - 1;

        public void Known(int id)
        {
            Finish();
            _symbols[_count++] = id;
        }

        // Bytes overtake a waiting unknown token. That is how the original behaves, and vocabularies that lack a byte show it.
        public void Byte(int id) => _symbols[_count++] = id;

        public void Unknown()
        {
            if (options.UnknownId < 0)
            {
                return;
            }

            if (!options.FusesUnknown)
            {
                Finish();
            }

            _isUnknownWaiting = true;
        }

        public int Finish()
        {
            if (_isUnknownWaiting)
            {
                _symbols[_count++] = options.UnknownId;
                _isUnknownWaiting = false;
            }

            return _count;
        }
    }
}
