using System.Text.Json;
using Patchbay.Engine.Text.Tokenization.Models;

namespace Patchbay.Engine.Text.Tokenization.Files;

/// <summary>Reads merges in both of their spellings, "a b" and ["a", "b"], and finds the ids of their tokens.</summary>
/// <param name="continuingPrefixBytes">Bytes that the right token loses when it is joined to the left one.</param>
internal sealed class MergeReader(Vocabulary vocabulary, int continuingPrefixBytes)
{
    private readonly List<Merge> _merges = new(vocabulary.Count);
    private byte[] _joined = new byte[256];
    private byte[] _leftBuffer = new byte[256];
    private byte[] _rightBuffer = new byte[256];

    public Merge[] Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new InvalidDataException($"model.merges: expected an array, found {reader.TokenType}.");
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.String)
            {
                AddText(TokenizerFile.Unescape(ref reader, ref _leftBuffer));
                continue;
            }

            RequireNext(ref reader, JsonTokenType.StartArray, reads: false);
            RequireNext(ref reader, JsonTokenType.String);
            var left = TokenizerFile.Unescape(ref reader, ref _leftBuffer);
            RequireNext(ref reader, JsonTokenType.String);
            Add(left, TokenizerFile.Unescape(ref reader, ref _rightBuffer));
            RequireNext(ref reader, JsonTokenType.EndArray);
        }

        return [.. _merges];
    }

    /// <summary>Two tokens with a space between them.</summary>
    public void AddText(ReadOnlySpan<byte> text)
    {
        // Old files begin with the first line of a merges.txt.
        if (text.StartsWith("#version"u8))
        {
            return;
        }

        var space = text.IndexOf((byte)' ');
        if (space < 0 || text[(space + 1)..].Contains((byte)' '))
        {
            throw new InvalidDataException($"{Name}: expected two tokens with one space between them, found '{Vocabulary.Show(text)}'.");
        }

        Add(text[..space], text[(space + 1)..]);
    }

    public Merge[] ToArray() => [.. _merges];

    private string Name => $"model.merges[{_merges.Count}]";

    private void Add(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var rightId = Require(right);
        if (right.Length < continuingPrefixBytes)
        {
            throw new InvalidDataException($"{Name}: expected a right token with the continuing prefix, found '{Vocabulary.Show(right)}'.");
        }

        var tail = right[continuingPrefixBytes..];
        if (left.Length + tail.Length > _joined.Length)
        {
            _joined = new byte[(left.Length + tail.Length) * 2];
        }

        left.CopyTo(_joined);
        tail.CopyTo(_joined.AsSpan(left.Length));
        _merges.Add(new Merge(Require(left), rightId, Require(_joined.AsSpan(0, left.Length + tail.Length))));
    }

    private int Require(ReadOnlySpan<byte> token)
    {
        var id = vocabulary.Find(token);
        return id >= 0 ? id : throw new InvalidDataException($"{Name}: expected tokens of the vocabulary, found '{Vocabulary.Show(token)}'.");
    }

    private void RequireNext(ref Utf8JsonReader reader, JsonTokenType type, bool reads = true)
    {
        if (reads)
        {
            reader.Read();
        }

        if (reader.TokenType != type)
        {
            throw new InvalidDataException($"{Name}: expected two tokens, found {reader.TokenType}.");
        }
    }
}
