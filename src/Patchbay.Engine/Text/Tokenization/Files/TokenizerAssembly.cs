using System.Text;
using System.Text.Unicode;
using Patchbay.Engine.Text.Tokenization.Models;
using Patchbay.Engine.Text.Tokenization.PreTokenizers;

namespace Patchbay.Engine.Text.Tokenization.Files;

/// <summary>Puts a tokenizer together from a tokenizer.json: vocabulary, model, the steps before and after it.</summary>
internal static class TokenizerAssembly
{
    public static TokenizerParts Assemble(ReadOnlySpan<byte> json)
    {
        // The mark is no part of JSON, but editors on Windows write it.
        json = json.StartsWith("\uFEFF"u8) ? json[3..] : json;
        if (!Utf8.IsValid(json))
        {
            throw new InvalidDataException("tokenizer.json: expected UTF-8, found other bytes.");
        }

        var file = TokenizerFile.Read(json);
        var vocabulary = file.ReadVocabulary(json);
        var preTokenizer = new PreTokenizerReader(file.Section("pre_tokenizer"));
        var (model, last) = ReadModel(json, file, vocabulary, preTokenizer.EndsWithByteLevel);
        return new TokenizerParts
        {
            Vocabulary = vocabulary,
            AddedTokens = AddedTokenReader.Read(file.Section("added_tokens"), vocabulary),
            Normalizer = NormalizerReader.Read(file.Section("normalizer")),
            Pieces = preTokenizer.Build(last, takesBytes: model is BpeModel { TakesBytes: true }),
            Decoder = DecoderReader.Read(file.Section("decoder")),
            Frame = PostProcessorReader.Read(file.Section("post_processor")),
        };
    }

    private static (TokenModel Model, PieceStage Last) ReadModel(
        ReadOnlySpan<byte> json, TokenizerFile file, Vocabulary vocabulary, bool endsWithByteLevel)
    {
        // Files of before 2020 do not name the type; then only a list of merges tells.
        var type = file.ModelText("type") ?? (file.Scores.Length > 0 ? "Unigram" : "BPE");
        return type switch
        {
            "BPE" => ReadBpe(json, file, vocabulary, endsWithByteLevel),
            "Unigram" => AsLast(ReadUnigram(file, vocabulary)),
            "WordPiece" => AsLast(ReadWordPiece(file, vocabulary)),
            _ => throw file.ModelField("type")!.Value.Refuse("BPE, Unigram or WordPiece"),
        };
    }

    private static (TokenModel Model, PieceStage Last) AsLast(TokenModel model) => (model, new ModelStage(model));

    private static (TokenModel Model, PieceStage Last) ReadBpe(
        ReadOnlySpan<byte> json, TokenizerFile file, Vocabulary vocabulary, bool endsWithByteLevel)
    {
        if (file.ModelField("dropout") is { } dropout && dropout.AsNumber() != 0)
        {
            throw dropout.Refuse("null (encoding must not be random)");
        }

        var prefix = file.ModelField("continuing_subword_prefix")?.AsShortString() ?? "";
        var suffix = file.ModelField("end_of_word_suffix")?.AsShortString() ?? "";
        var fallsBack = file.ModelFlag("byte_fallback");
        var options = new BpeOptions
        {
            IsByteLevel = endsWithByteLevel && !fallsBack && prefix.Length == 0 && suffix.Length == 0,
            IgnoresMerges = file.ModelFlag("ignore_merges"),
            FallsBackToBytes = fallsBack,
            UnknownId = file.ModelField("unk_token") is { } unknown ? FindUnknown(unknown, vocabulary) : -1,
            FusesUnknown = file.ModelFlag("fuse_unk"),
            ContinuingPrefix = prefix,
            EndSuffix = suffix,
        };
        var merges = file.ReadMerges(json, vocabulary, Encoding.UTF8.GetByteCount(prefix));
        var (model, last) = AsLast(new BpeModel(vocabulary, new MergeTable(merges), options));
        var mayCut = !options.IsByteLevel && !options.IgnoresMerges && prefix.Length == 0 && suffix.Length == 0;
        return (model, mayCut ? new NeverMergedStage(vocabulary, merges.Select(merge => merge.Merged), last) : last);
    }

    private static UnigramModel ReadUnigram(TokenizerFile file, Vocabulary vocabulary)
    {
        if (file.Scores.Length == 0)
        {
            throw new InvalidDataException("model.vocab: expected an array of tokens and scores, found none.");
        }

        var unknown = file.ModelField("unk_id")?.AsInteger() ?? -1;
        if (unknown >= vocabulary.Size)
        {
            throw new InvalidDataException($"model.unk_id: expected an id below {vocabulary.Size}, found {unknown}.");
        }

        return new UnigramModel(vocabulary, file.Scores, unknown, file.ModelFlag("byte_fallback"));
    }

    private static WordPieceModel ReadWordPiece(TokenizerFile file, Vocabulary vocabulary)
    {
        var unknown = file.ModelField("unk_token") is { } field ? FindUnknown(field, vocabulary) : vocabulary.Find("[UNK]");
        if (unknown < 0)
        {
            throw new InvalidDataException("model.unk_token: expected a token of the vocabulary, found none.");
        }

        var longest = file.ModelField("max_input_chars_per_word")?.AsInteger() ?? 100;
        return new WordPieceModel(vocabulary, unknown, file.ModelField("continuing_subword_prefix")?.AsShortString() ?? "##", longest);
    }

    private static int FindUnknown(Field field, Vocabulary vocabulary) =>
        vocabulary.Find(field.AsString()) is var id and >= 0 ? id : throw field.Refuse("a token of the vocabulary");
}
