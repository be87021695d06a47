using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Patchbay.Engine.Text.Tokenization;

/// <summary>
/// The tokens of a model: bytes by id and id by bytes. All tokens lie in one block of memory, so that a vocabulary of
/// 128,000 tokens is a handful of objects.
/// </summary>
internal sealed class Vocabulary
{
    // A crafted vocabulary could put all its tokens into one chain of the table and make loading quadratic.
    private const int LongestChain = 4096;

    private const int LongestShown = 60;

    private readonly byte[] _bytes;
    private readonly int[] _starts;   // by id; -1 where no token has the id
    private readonly int[] _lengths;  // by id
    private readonly ulong[] _slots;  // upper half of the hash, id + 1; 0 is free
    private readonly int _shift;

    internal Vocabulary(byte[] bytes, int[] starts, int[] lengths, int count)
    {
        _bytes = bytes;
        _starts = starts;
        _lengths = lengths;
        Count = count;
        var bits = Math.Max(4, BitOperations.Log2((uint)Math.Max(1, count)) + 2);
        _slots = new ulong[1 << bits];
        _shift = 64 - bits;
        for (var id = 0; id < starts.Length; id++)
        {
            if (starts[id] >= 0)
            {
                Insert(id);
            }
        }
    }

    /// <summary>Number of tokens; ids may have gaps.</summary>
    public int Count { get; }

    /// <summary>Highest id + 1.</summary>
    public int Size => _starts.Length;

    public bool Contains(int id) => (uint)id < (uint)_starts.Length && _starts[id] >= 0;

    /// <summary>UTF-8 of a token that the vocabulary contains.</summary>
    public ReadOnlySpan<byte> TokenUtf8(int id) => _bytes.AsSpan(_starts[id], _lengths[id]);

    /// <summary>The id of a token, -1 when the vocabulary lacks it.</summary>
    public int Find(ReadOnlySpan<byte> utf8)
    {
        var hash = Hash(utf8);
        var mask = _slots.Length - 1;
        for (var slot = (int)(hash >> _shift); ; slot = (slot + 1) & mask)
        {
            var entry = _slots[slot];
            if (entry == 0)
            {
                return -1;
            }

            if ((uint)(entry >> 32) == (uint)hash && TokenUtf8((int)(uint)entry - 1).SequenceEqual(utf8))
            {
                return (int)(uint)entry - 1;
            }
        }
    }

    /// <summary>A token as it may stand in a message, however long it is.</summary>
    public static string Show(ReadOnlySpan<byte> utf8) =>
        utf8.Length <= LongestShown ? Encoding.UTF8.GetString(utf8) : Encoding.UTF8.GetString(utf8[..LongestShown]) + "…";

    public int Find(string token) => Find(Encoding.UTF8.GetBytes(token));

    private void Insert(int id)
    {
        var token = TokenUtf8(id);
        var hash = Hash(token);
        var mask = _slots.Length - 1;
        var slot = (int)(hash >> _shift);
        for (var steps = 0; _slots[slot] != 0; slot = (slot + 1) & mask)
        {
            var entry = _slots[slot];
            if ((uint)(entry >> 32) == (uint)hash && TokenUtf8((int)(uint)entry - 1).SequenceEqual(token))
            {
                throw new InvalidDataException(
                    $"Vocabulary: expected every token once, found '{Show(token)}' with ids {(int)(uint)entry - 1} and {id}.");
            }

            if (++steps > LongestChain)
            {
                throw new InvalidDataException($"Vocabulary: expected tokens that spread over a hash table, found {steps} in one chain.");
            }
        }

        _slots[slot] = ((ulong)(uint)hash << 32) | (uint)(id + 1);
    }

    /// <summary>Eight bytes a step, multiplied and folded; the upper bits choose the slot, the lower ones confirm it.</summary>
    private static ulong Hash(ReadOnlySpan<byte> utf8)
    {
        const ulong Factor = 0x9E3779B97F4A7C15;
        var hash = (ulong)utf8.Length * Factor;
        while (utf8.Length >= 8)
        {
            hash = Math.BigMul(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(utf8), Factor, out var low) ^ low;
            utf8 = utf8[8..];
        }

        var rest = 0UL;
        foreach (var value in utf8)
        {
            rest = (rest << 8) | value;
        }

        hash = Math.BigMul(hash ^ rest, Factor, out var last) ^ last;
        return hash * Factor;
    }
}
