using Patchbay.Engine.Text.Tokenization.Decoders;
using Patchbay.Engine.Text.Tokenization.PreTokenizers;
using Patchbay.Engine.Text.Tokenization.Scanners;

namespace Patchbay.Engine.Text.Tokenization.Files;

/// <summary>Reads the section decoder.</summary>
internal static class DecoderReader
{
    public static TokenDecoder Read(Field? section)
    {
        if (section is not { } field)
        {
            // Without a decoder tokens are words.
            return new ChainDecoder([(start, next) => new MapStep((token, isFirst) => isFirst ? token : " " + token, start.IsMidway, next)], false);
        }

        var decoders = new List<Field>();
        Flatten(field, decoders);
        if (decoders is [var only] && TypeOf(only) == "ByteLevel")
        {
            return new ByteLevelDecoder();
        }

        var steps = new List<Func<ChainStart, DecodeStep, DecodeStep>>();
        for (var i = 0; i < decoders.Count; i++)
        {
            var isLast = i + 1 == decoders.Count;
            if (TypeOf(decoders[i]) == "Fuse" && isLast)
            {
                // What comes out is concatenated anyway.
                continue;
            }

            if (TypeOf(decoders[i]) == "Fuse" && i + 2 == decoders.Count && IsStripOfStart(decoders[i + 1]))
            {
                var (content, count) = (decoders[i + 1].GetCharacter("content"), decoders[i + 1].GetInteger("start", 0));
                steps.Add((start, next) => new FusedStripStep(content, start.IsMidway ? 0 : count, next));
                break;
            }

            steps.Add(ReadStep(decoders[i]));
        }

        return new ChainDecoder(steps, hasByteTokens: decoders.Any(decoder => TypeOf(decoder) == "ByteFallback"));
    }

    private static string TypeOf(Field field) => field.GetString("type");

    private static bool IsStripOfStart(Field field) => TypeOf(field) == "Strip" && field.GetInteger("stop", 0) == 0;

    private static void Flatten(Field field, List<Field> decoders)
    {
        if (TypeOf(field) != "Sequence")
        {
            decoders.Add(field);
            return;
        }

        foreach (var decoder in field.Get("decoders").Items())
        {
            Flatten(decoder, decoders);
        }
    }

    private static Func<ChainStart, DecodeStep, DecodeStep> ReadStep(Field field) => TypeOf(field) switch
    {
        "ByteFallback" => (start, next) => new ByteFallbackStep(start.IsEager, next),
        "Fuse" => (_, next) => new FuseStep(next),
        "Replace" => ReadReplace(field),
        "Strip" => ReadStrip(field),
        "Metaspace" => ReadMetaspace(field),
        "WordPiece" => ReadWordPiece(field),
        "BPEDecoder" => ReadSuffix(field.GetString("suffix")),
        _ => throw field.Get("type").Refuse("a known decoder"),
    };

    private static Func<ChainStart, DecodeStep, DecodeStep> Map(Func<string, bool, string> map) =>
        (start, next) => new MapStep(map, start.IsMidway, next);

    private static Func<ChainStart, DecodeStep, DecodeStep> ReadSuffix(string suffix) =>
        suffix.Length == 0 ? (_, next) => next : (_, next) => new SuffixStep(suffix, next);

    private static Func<ChainStart, DecodeStep, DecodeStep> ReadReplace(Field field)
    {
        var content = field.Get("content").AsShortString();
        if (field.Get("pattern").Find("String") is { } text)
        {
            var search = text.AsString();
            return search.Length > 0
                ? Map((token, _) => token.Replace(search, content, StringComparison.Ordinal))
                : throw text.Refuse("a text that is not empty");
        }

        var regex = field.Get("pattern").Get("Regex");
        var pattern = new Normalizers.ReplacePattern(new PatternFinder(regex.AsString(), regex.Path), content);
        return Map((token, _) => pattern.Normalize(token));
    }

    private static Func<ChainStart, DecodeStep, DecodeStep> ReadStrip(Field field)
    {
        var content = field.GetCharacter("content");
        var (atStart, atEnd) = (field.GetInteger("start", 0), field.GetInteger("stop", 0));
        return Map((token, _) =>
        {
            var start = 0;
            while (start < Math.Min(atStart, token.Length) && token[start] == content)
            {
                start++;
            }

            var end = token.Length;
            while (end > Math.Max(start, token.Length - atEnd) && token[end - 1] == content)
            {
                end--;
            }

            return token[start..end];
        });
    }

    private static Func<ChainStart, DecodeStep, DecodeStep> ReadMetaspace(Field field)
    {
        var mark = field.GetCharacter("replacement").ToString();
        var absent = field.GetBoolean("add_prefix_space", true) ? PrependScheme.Always : PrependScheme.Never;
        var dropsFirst = field.GetChoice("prepend_scheme", absent) != PrependScheme.Never;
        return Map((token, isFirst) => token.Replace(mark, isFirst && dropsFirst ? "" : " ", StringComparison.Ordinal));
    }

    private static Func<ChainStart, DecodeStep, DecodeStep> ReadWordPiece(Field field)
    {
        var prefix = field.GetString("prefix");
        var cleans = field.GetBoolean("cleanup", true);
        return Map((token, isFirst) =>
        {
            var text = isFirst ? token : token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
            return cleans ? EnglishSpacing.Clean(text) : text;
        });
    }
}
