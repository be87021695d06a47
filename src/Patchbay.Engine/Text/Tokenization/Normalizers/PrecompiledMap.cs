using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Normalizers;

/// <summary>
/// SentencePiece's character map: a double-array trie (Darts) from UTF-8 to offsets in a block of zero-terminated texts.
/// As in the original, the shortest entry that a grapheme begins with replaces the whole grapheme.
/// </summary>
internal sealed class PrecompiledMap : Normalizer
{
    // Graphemes of more bytes are taken character by character.
    private const int LongestGrapheme = 5;

    private readonly uint[] _trie;
    private readonly byte[] _texts;

    /// <param name="map">Length of the trie in bytes (32 bits), the trie, the texts.</param>
    public PrecompiledMap(ReadOnlySpan<byte> map)
    {
        var length = map.Length < sizeof(uint) ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(map);
        if (length == 0 || length % sizeof(uint) != 0 || length > map.Length - sizeof(uint))
        {
            throw new InvalidDataException(
                $"normalizer.precompiled_charsmap: expected a trie within {map.Length} bytes, found a length of {length}.");
        }

        var trie = map.Slice(sizeof(uint), (int)length);
        _trie = new uint[trie.Length / sizeof(uint)];
        for (var i = 0; i < _trie.Length; i++)
        {
            _trie[i] = BinaryPrimitives.ReadUInt32LittleEndian(trie[(i * sizeof(uint))..]);
        }

        _texts = map[(sizeof(uint) + trie.Length)..].ToArray();
    }

    public override string Normalize(string text)
    {
        var result = new StringBuilder(text.Length);
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var grapheme = rest[..StringInfo.GetNextTextElementLength(rest)];
            rest = rest[grapheme.Length..];
            if (!TryAppend(grapheme, result))
            {
                AppendCharacters(grapheme, result);
            }
        }

        return result.ToString();
    }

    private void AppendCharacters(ReadOnlySpan<char> grapheme, StringBuilder result)
    {
        for (var i = 0; i < grapheme.Length;)
        {
            var length = char.IsHighSurrogate(grapheme[i]) ? 2 : 1;
            if (!TryAppend(grapheme.Slice(i, length), result))
            {
                result.Append(grapheme.Slice(i, length));
            }

            i += length;
        }
    }

    private bool TryAppend(ReadOnlySpan<char> key, StringBuilder result)
    {
        if (Encoding.UTF8.GetByteCount(key) > LongestGrapheme)
        {
            return false;
        }

        Span<byte> utf8 = stackalloc byte[LongestGrapheme];
        var start = FindShortestPrefix(utf8[..Encoding.UTF8.GetBytes(key, utf8)]);
        if (start < 0 || start >= _texts.Length)
        {
            return false;
        }

        var text = _texts.AsSpan(start);
        var end = text.IndexOf((byte)0);
        result.Append(Encoding.UTF8.GetString(end < 0 ? text : text[..end]));
        return true;
    }

    /// <summary>Offset of the text of the shortest entry that the key begins with, -1 without one.</summary>
    private int FindShortestPrefix(ReadOnlySpan<byte> key)
    {
        var node = Offset(_trie[0]);
        foreach (var value in key)
        {
            node ^= value;
            if (value == 0 || node >= _trie.Length || (_trie[node] & 0x8000_00FF) != value)
            {
                return -1;
            }

            var unit = _trie[node];
            node ^= Offset(unit);
            if ((unit & 0x100) != 0)
            {
                return node < _trie.Length ? (int)(_trie[node] & 0x7FFF_FFFF) : -1;
            }
        }

        return -1;
    }

    // darts-clone: ten flag bits, then the offset, in steps of 256 when bit 9 is set.
    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);
}
