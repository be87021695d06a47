using System.Text;
using Patchbay.Engine.Checkpoints.Gguf;
using Patchbay.Engine.Text.Tokenization.Decoders;
using Patchbay.Engine.Text.Tokenization.Models;
using Patchbay.Engine.Text.Tokenization.Normalizers;
using Patchbay.Engine.Text.Tokenization.PreTokenizers;

namespace Patchbay.Engine.Text.Tokenization.Files;

/// <summary>Puts a tokenizer together from the vocabulary in a GGUF file, to the effect that llama.cpp gives it.</summary>
internal sealed class GgufVocabulary
{
    private const string Prefix = "tokenizer.ggml.";

    // Tokens that control the model by their name, whatever type the file gives them (llama.cpp, llama_vocab::impl::load).
    private static readonly string[] ControlNames =
    [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>", "<end_of_turn>", "<|endoftext|>",
        "<|end_of_text|>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<\uFF5Cend\u2581of\u2581sentence\uFF5C>", "<end_of_utterance>",
    ];

    private readonly GgufFile _file;
    private readonly Vocabulary _vocabulary;
    private readonly GgufTokenType[] _types;

    private GgufVocabulary(GgufFile file)
    {
        _file = file;
        var builder = new VocabularyBuilder(Prefix + "tokens");
        var count = 0;
        foreach (var token in file.Get(Prefix + "tokens").AsStrings())
        {
            // Files may leave tokens without text; llama.cpp names them, so that no two are alike.
            builder.Add(token.IsEmpty ? Encoding.UTF8.GetBytes($"[EMPTY_{count}]") : token, count);
            count++;
        }

        _vocabulary = builder.Build();
        _types = file.Find(Prefix + "token_type") is { } types
            ? Array.ConvertAll(types.ToInt32Array(), type => (GgufTokenType)type)
            : Enumerable.Repeat(GgufTokenType.Normal, count).ToArray();
        RequireLength("token_type", _types.Length);
        foreach (var name in ControlNames)
        {
            if (_vocabulary.Find(name) is var id and >= 0)
            {
                _types[id] = GgufTokenType.Control;
            }
        }
    }

    public static TokenizerParts Assemble(GgufFile file)
    {
        var model = file.Get(Prefix + "model").AsString();
        return model switch
        {
            "gpt2" => new GgufVocabulary(file).AssembleByteLevel(),
            "llama" => new GgufVocabulary(file).AssembleSentencePiece(),
            _ => throw new InvalidDataException($"GGUF key '{Prefix}model': expected gpt2 or llama, found '{model}'."),
        };
    }

    private TokenizerParts AssembleByteLevel()
    {
        var pre = _file.Find(Prefix + "pre")?.AsString() ?? "default";
        var merges = new MergeReader(_vocabulary, continuingPrefixBytes: 0);
        foreach (var merge in _file.Get(Prefix + "merges").AsStrings())
        {
            merges.AddText(merge);
        }

        var split = GgufPreTokenizer.Find(pre);
        var options = new BpeOptions { IsByteLevel = true, IgnoresMerges = split.IgnoresMerges };
        var model = new BpeModel(_vocabulary, new MergeTable(merges.ToArray()), options);
        return new TokenizerParts
        {
            Vocabulary = _vocabulary,
            AddedTokens = ReadAddedTokens(),
            Pieces = split.Build(new ModelStage(model)),
            Decoder = new GgufDecoder(_types, isByteLevel: true, dropsFirstSpace: false),
            Frame = ReadFrame(addsStart: split.AddsStart),
        };
    }

    private TokenizerParts AssembleSentencePiece()
    {
        var scores = _file.Get(Prefix + "scores").ToSingleArray();
        RequireLength("scores", scores.Length);
        var hasPrefix = _file.Find(Prefix + "add_space_prefix")?.AsBoolean() ?? true;
        var model = new ScoredBpeModel(_vocabulary, scores, _file.Find(Prefix + "unknown_token_id") is null ? 0 : ReadId("unknown_token_id"));
        var mark = new ReplaceText(" ", WordMark.Character.ToString());
        return new TokenizerParts
        {
            Vocabulary = _vocabulary,
            AddedTokens = ReadAddedTokens(),
            Normalizer = hasPrefix ? new NormalizerSequence([new Prepend(" "), mark]) : mark,
            Pieces = new NeverMergedStage(_vocabulary, Enumerable.Range(0, _vocabulary.Size), new ModelStage(model)),
            Decoder = new GgufDecoder(_types, isByteLevel: false, hasPrefix),
            Frame = ReadFrame(addsStart: true),
        };
    }

    private List<AddedToken> ReadAddedTokens()
    {
        var tokens = new List<AddedToken>();
        for (var id = 0; id < _types.Length; id++)
        {
            if (_types[id] is GgufTokenType.Control or GgufTokenType.Unknown or GgufTokenType.UserDefined)
            {
                var content = Encoding.UTF8.GetString(_vocabulary.TokenUtf8(id));
                tokens.Add(new AddedToken(id, content, IsSpecial: _types[id] != GgufTokenType.UserDefined));
            }
        }

        return tokens;
    }

    private SpecialFrame ReadFrame(bool addsStart)
    {
        addsStart = _file.Find(Prefix + "add_bos_token")?.AsBoolean() ?? addsStart;
        var addsEnd = _file.Find(Prefix + "add_eos_token")?.AsBoolean() ?? false;
        return new SpecialFrame(addsStart ? [ReadId("bos_token_id")] : [], addsEnd ? [ReadId("eos_token_id")] : []);
    }

    private int ReadId(string name)
    {
        var id = _file.Get(Prefix + name).AsInteger();
        return id >= 0 && id < _vocabulary.Size
            ? (int)id
            : throw new InvalidDataException($"GGUF key '{Prefix}{name}': expected an id below {_vocabulary.Size}, found {id}.");
    }

    private void RequireLength(string name, int length)
    {
        if (length != _vocabulary.Size)
        {
            throw new InvalidDataException($"GGUF key '{Prefix}{name}': expected {_vocabulary.Size} elements, found {length}.");
        }
    }
}
