using System.Text.Json;
using Patchbay.Engine.Text.Tokenization.Models;

namespace Patchbay.Engine.Text.Tokenization.Files;

/// <summary>
/// A tokenizer.json, read once from front to back. Vocabulary and merges go straight into their tables; the rest is small and
/// becomes <see cref="Field"/>s.
/// </summary>
internal sealed class TokenizerFile
{
    private readonly Dictionary<string, Field> _sections = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Field> _modelFields = new(StringComparer.Ordinal);
    private Range? _vocabularyJson;
    private Range? _mergesJson;

    private TokenizerFile(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new InvalidDataException($"tokenizer.json: expected an object, found {reader.TokenType}.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (name == "model" && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadModel(ref reader);
            }
            else
            {
                Keep(_sections, name, name, ref reader);
            }
        }

        if (reader.TokenType != JsonTokenType.EndObject || reader.Read())
        {
            throw new InvalidDataException("tokenizer.json: expected nothing after the object, found more.");
        }
    }

    /// <summary>By id, for a Unigram model; empty for others.</summary>
    public double[] Scores { get; private set; } = [];

    public static TokenizerFile Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return new TokenizerFile(json);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw NotJson(exception);
        }
    }

    /// <summary>A section beside the model; null when it is missing or null.</summary>
    public Field? Section(string name) => NullIfAbsent(_sections, name);

    /// <summary>A field of the model; null when it is missing or null.</summary>
    public Field? ModelField(string name) => NullIfAbsent(_modelFields, name);

    public bool ModelFlag(string name) => ModelField(name)?.AsBoolean() ?? false;

    public string? ModelText(string name) => ModelField(name)?.AsString();

    /// <param name="json">The file that this was read from.</param>
    public Vocabulary ReadVocabulary(ReadOnlySpan<byte> json)
    {
        if (_vocabularyJson is not { } range)
        {
            throw new InvalidDataException("model.vocab: expected the tokens, found none.");
        }

        try
        {
            var reader = new Utf8JsonReader(json[range]);
            reader.Read();
            return reader.TokenType switch
            {
                JsonTokenType.StartObject => ReadIds(ref reader),
                JsonTokenType.StartArray => ReadScores(ref reader),
                _ => throw new InvalidDataException($"model.vocab: expected an object or an array, found {reader.TokenType}."),
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw NotJson(exception, "model.vocab");
        }
    }

    /// <summary>The merges in order of rank, each of two tokens of the vocabulary.</summary>
    /// <param name="json">The file that this was read from.</param>
    public Merge[] ReadMerges(ReadOnlySpan<byte> json, Vocabulary vocabulary, int continuingPrefixBytes)
    {
        if (_mergesJson is not { } range)
        {
            throw new InvalidDataException("model.merges: expected an array, found none.");
        }

        try
        {
            return new MergeReader(vocabulary, continuingPrefixBytes).Read(json[range]);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw NotJson(exception, "model.merges");
        }
    }

    private void ReadModel(ref Utf8JsonReader reader)
    {
        if (_modelFields.Count > 0 || _vocabularyJson is not null)
        {
            throw new InvalidDataException("model: expected one, found it again.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            switch (name)
            {
                case "vocab" when _vocabularyJson is null:
                    reader.Skip();
                    _vocabularyJson = start..(int)reader.BytesConsumed;
                    break;
                case "merges" when _mergesJson is null:
                    reader.Skip();
                    _mergesJson = start..(int)reader.BytesConsumed;
                    break;
                default:
                    Keep(_modelFields, name, $"model.{name}", ref reader);
                    break;
            }
        }
    }

    private static void Keep(Dictionary<string, Field> fields, string name, string path, ref Utf8JsonReader reader)
    {
        if (!fields.TryAdd(name, new Field(path, JsonElement.ParseValue(ref reader))))
        {
            throw new InvalidDataException($"{path}: expected every field once, found it again.");
        }
    }

    private static Vocabulary ReadIds(ref Utf8JsonReader reader)
    {
        var builder = new VocabularyBuilder("model.vocab");
        var buffer = new byte[256];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            // The name is copied only when the reader's next step would leave it behind escaped.
            var token = Unescape(ref reader, ref buffer);
            reader.Read();
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var id))
            {
                throw new InvalidDataException(
                    $"model.vocab['{Vocabulary.Show(token)}']: expected an integer id, found {reader.TokenType}.");
            }

            builder.Add(token, id);
        }

        return builder.Build();
    }

    private Vocabulary ReadScores(ref Utf8JsonReader reader)
    {
        var builder = new VocabularyBuilder("model.vocab");
        var scores = new List<double>();
        var buffer = new byte[256];
        while (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
        {
            reader.Read();
            RequireType(ref reader, JsonTokenType.String, scores.Count);
            builder.Add(Unescape(ref reader, ref buffer), scores.Count);
            reader.Read();
            RequireType(ref reader, JsonTokenType.Number, scores.Count);
            scores.Add(reader.GetDouble());
            reader.Read();
            RequireType(ref reader, JsonTokenType.EndArray, scores.Count - 1);
        }

        if (reader.TokenType != JsonTokenType.EndArray)
        {
            throw new InvalidDataException($"model.vocab[{scores.Count}]: expected a token and its score, found {reader.TokenType}.");
        }

        Scores = [.. scores];
        return builder.Build();
    }

    private static void RequireType(ref Utf8JsonReader reader, JsonTokenType type, int index)
    {
        if (reader.TokenType != type)
        {
            throw new InvalidDataException($"model.vocab[{index}]: expected a token and its score, found {reader.TokenType}.");
        }
    }

    /// <summary>The text of a string or name as UTF-8, in the file itself where nothing is escaped.</summary>
    internal static ReadOnlySpan<byte> Unescape(ref Utf8JsonReader reader, ref byte[] buffer)
    {
        if (!reader.ValueIsEscaped)
        {
            return reader.ValueSpan;
        }

        if (reader.ValueSpan.Length > buffer.Length)
        {
            buffer = new byte[reader.ValueSpan.Length];
        }

        return buffer.AsSpan(0, reader.CopyString(buffer));
    }

    private static Field? NullIfAbsent(Dictionary<string, Field> fields, string name) =>
        fields.TryGetValue(name, out var field) && field.Value.ValueKind != JsonValueKind.Null ? field : null;

    private static InvalidDataException NotJson(Exception exception, string field = "tokenizer.json") =>
        new($"{field}: expected JSON, found: {exception.Message}", exception);
}
