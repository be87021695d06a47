using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Patchbay.Engine.Checkpoints.Gguf;
using Patchbay.Engine.Text.Tokenization;
using Patchbay.Engine.Text.Tokenization.Decoders;
using Patchbay.Engine.Text.Tokenization.Files;
using Patchbay.Engine.Text.Tokenization.Normalizers;
using Patchbay.Engine.Text.Tokenization.PreTokenizers;

namespace Patchbay.Engine.Text;

/// <summary>
/// Text to token ids and back, exactly as the model's own tokenizer does it: tokenizer.json of Hugging Face (BPE, Unigram,
/// WordPiece) and the vocabularies of GGUF files. Knows nothing of chats or models. Immutable and safe for many threads.
/// </summary>
/// <remarks>
/// A text is encoded in this order: (1) added tokens are cut out, (2) what is between them is normalized, (3) added tokens that
/// are searched in normalized text are cut out, (4) the rest is cut into pieces, (5) the model makes tokens of each piece, (6)
/// special tokens are put around it all.
/// </remarks>
public sealed class Tokenizer
{
    private readonly Vocabulary _vocabulary;
    private readonly Dictionary<int, AddedToken> _addedById;
    private readonly Dictionary<string, int> _addedIds;
    private readonly Dictionary<int, byte[]> _addedUtf8;
    private readonly AddedTokenMatcher _addedTokens;
    private readonly AddedTokenMatcher? _normalizedTokens;
    private readonly Normalizer? _normalizer;
    private readonly PieceStage _pieces;
    private readonly TokenDecoder _decoder;
    private readonly SpecialFrame _frame;

    private Tokenizer(TokenizerParts parts)
    {
        _vocabulary = parts.Vocabulary;
        _normalizer = parts.Normalizer;
        _pieces = parts.Pieces;
        _decoder = parts.Decoder;
        _frame = parts.Frame;
        _addedById = parts.AddedTokens.ToDictionary(token => token.Id);
        _addedIds = parts.AddedTokens.ToDictionary(token => token.Content, token => token.Id, StringComparer.Ordinal);
        _addedUtf8 = parts.AddedTokens.ToDictionary(token => token.Id, token => Encoding.UTF8.GetBytes(token.Content));
        _addedTokens = new AddedTokenMatcher(parts.AddedTokens.Where(token => !token.IsNormalized).Select(token => (token, token.Content)));
        var normalized = parts.AddedTokens.Where(token => token.IsNormalized).ToArray();
        _normalizedTokens = normalized.Length == 0
            ? null
            : new AddedTokenMatcher(normalized.Select(token => (token, _normalizer?.Normalize(token.Content) ?? token.Content)));
        VocabularySize = Math.Max(_vocabulary.Size, _addedById.Count == 0 ? 0 : _addedById.Keys.Max() + 1);
        foreach (var id in _frame.Prefix.Concat(_frame.Suffix))
        {
            if (!Contains(id))
            {
                throw new InvalidDataException($"post_processor: expected ids of the vocabulary, found {id}.");
            }
        }
    }

    /// <summary>Highest token id + 1.</summary>
    public int VocabularySize { get; }

    /// <summary>Reads a tokenizer.json.</summary>
    /// <exception cref="InvalidDataException">The file is broken, or holds something that cannot be applied exactly; the message names the field.</exception>
    public static Tokenizer FromJson(ReadOnlySpan<byte> tokenizerJson) => new(TokenizerAssembly.Assemble(tokenizerJson));

    /// <summary>Reads the vocabulary of a GGUF file, which may be closed afterwards.</summary>
    /// <exception cref="InvalidDataException">A key is missing, broken or of a kind that cannot be applied exactly.</exception>
    internal static Tokenizer FromGguf(GgufFile file) => new(GgufVocabulary.Assemble(file));

    /// <summary>The token ids of a text; lone surrogates count as U+FFFD.</summary>
    /// <param name="addSpecialTokens">Puts the tokens around the text that the model expects at start and end.</param>
    /// <param name="parseSpecialTokens">Whether a special token that the text spells is that token, rather than plain text.</param>
    public int[] Encode(string text, bool addSpecialTokens, bool parseSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        var whole = ReplaceLoneSurrogates(text);
        var ids = new List<int>((whole.Length / 3) + 8);
        if (addSpecialTokens)
        {
            ids.AddRange(_frame.Prefix);
        }

        var parts = new List<TextPart>();
        _addedTokens.Split(whole, parseSpecialTokens, parts);
        foreach (var part in parts)
        {
            if (part.Id >= 0)
            {
                ids.Add(part.Id);
            }
            else if (_normalizer is null)
            {
                EncodeNormalized(whole.AsSpan(part.Start, part.End - part.Start), part.Start == 0, parseSpecialTokens, ids);
            }
            else
            {
                EncodeNormalized(_normalizer.Normalize(whole[part.Start..part.End]), part.Start == 0, parseSpecialTokens, ids);
            }
        }

        if (addSpecialTokens)
        {
            ids.AddRange(_frame.Suffix);
        }

        return [.. ids];
    }

    /// <summary>The text of tokens; ids outside the vocabulary stand for nothing.</summary>
    /// <param name="skipSpecialTokens">Leaves special tokens out.</param>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens)
    {
        var text = new StringBuilder();
        var decoding = _decoder.Start(isEager: false);
        foreach (var id in ids)
        {
            Push(decoding, id, skipSpecialTokens, text);
        }

        decoding.Flush(text);
        return text.ToString();
    }

    /// <summary>Decodes one sequence token by token.</summary>
    /// <param name="skipSpecialTokens">Leaves special tokens out.</param>
    public StreamingDetokenizer CreateDetokenizer(bool skipSpecialTokens) =>
        new(this, _decoder.Start(isEager: true), skipSpecialTokens);

    /// <summary>The bytes that a token stands for within a text, which need not be valid UTF-8; empty outside the vocabulary.</summary>
    public byte[] TokenBytes(int id) => Contains(id) ? _decoder.TokenBytes(id, TokenUtf8(id)) : [];

    /// <summary>Finds the id of a token by the way it is spelled in the vocabulary.</summary>
    public bool TryGetId(string token, out int id)
    {
        ArgumentNullException.ThrowIfNull(token);
        if (!_addedIds.TryGetValue(token, out id))
        {
            id = _vocabulary.Find(token);
        }

        return id >= 0;
    }

    /// <summary>Whether a token controls the model rather than being text.</summary>
    public bool IsSpecial(int id) => _addedById.TryGetValue(id, out var token) && token.IsSpecial;

    internal void Push(Decoding decoding, int id, bool skipSpecialTokens, StringBuilder text)
    {
        if (!Contains(id))
        {
            return;
        }

        if (skipSpecialTokens && IsSpecial(id))
        {
            decoding.Skip();
            return;
        }

        decoding.Push(id, TokenUtf8(id), text);
    }

    private bool Contains(int id) => _vocabulary.Contains(id) || _addedById.ContainsKey(id);

    private ReadOnlySpan<byte> TokenUtf8(int id) => _addedUtf8.TryGetValue(id, out var utf8) ? utf8 : _vocabulary.TokenUtf8(id);

    private void EncodeNormalized(ReadOnlySpan<char> text, bool isAtStart, bool parseSpecialTokens, List<int> ids)
    {
        if (_normalizedTokens is null)
        {
            PushPiece(text, isAtStart, ids);
            return;
        }

        var parts = new List<TextPart>();
        _normalizedTokens.Split(text, parseSpecialTokens, parts);
        foreach (var part in parts)
        {
            if (part.Id >= 0)
            {
                ids.Add(part.Id);
            }
            else
            {
                PushPiece(text[part.Start..part.End], isAtStart && part.Start == 0, ids);
            }
        }
    }

    private void PushPiece(ReadOnlySpan<char> text, bool isAtStart, List<int> ids)
    {
        if (!text.IsEmpty)
        {
            _pieces.Push(text, isAtStart, ids);
        }
    }

    private static string ReplaceLoneSurrogates(string text)
    {
        // Valid text, nearly always, needs no copy.
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') || IsValid(text))
        {
            return text;
        }

        var replaced = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            replaced.Append(rune.ToString());
        }

        return replaced.ToString();
    }

    private static bool IsValid(string text)
    {
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var length) != OperationStatus.Done)
            {
                return false;
            }

            rest = rest[length..];
        }

        return true;
    }
}
