using System.Text;
using Patchbay.Engine.Text.Tokenization.Normalizers;
using Patchbay.Engine.Text.Tokenization.Scanners;

namespace Patchbay.Engine.Text.Tokenization.Files;

/// <summary>Reads the section normalizer.</summary>
internal static class NormalizerReader
{
    public static Normalizer? Read(Field? section)
    {
        if (section is not { } field)
        {
            return null;
        }

        var steps = new List<Normalizer>();
        Flatten(field, steps);
        return new NormalizerSequence([.. steps]);
    }

    private static void Flatten(Field field, List<Normalizer> steps)
    {
        switch (field.GetString("type"))
        {
            case "Sequence":
                foreach (var step in field.Get("normalizers").Items())
                {
                    Flatten(step, steps);
                }

                break;
            case "BertNormalizer":
                ReadBert(field, steps);
                break;
            default:
                steps.Add(ReadOne(field));
                break;
        }
    }

    private static Normalizer ReadOne(Field field) => field.GetString("type") switch
    {
        "NFC" => new UnicodeForm(NormalizationForm.FormC),
        "NFD" => new UnicodeForm(NormalizationForm.FormD),
        "NFKC" => new UnicodeForm(NormalizationForm.FormKC),
        "NFKD" => new UnicodeForm(NormalizationForm.FormKD),
        "Lowercase" => new Lowercase(),
        "StripAccents" => RuneFilter.WithoutAccents,
        "Nmt" => RuneFilter.Nmt,
        "Strip" => new StripSpace(field.GetBoolean("strip_left", true), field.GetBoolean("strip_right", true)),
        "Prepend" => new Prepend(field.Get("prepend").AsShortString()),
        "ByteLevel" => new ByteLevelText(),
        "Precompiled" => ReadPrecompiled(field.Get("precompiled_charsmap")),
        "Replace" => ReadReplace(field),
        _ => throw field.Get("type").Refuse("a known normalizer"),
    };

    private static Normalizer ReadReplace(Field field)
    {
        var pattern = field.Get("pattern");
        var content = field.Get("content").AsShortString();
        if (pattern.Find("String") is { } text)
        {
            return text.AsString().Length > 0 ? new ReplaceText(text.AsString(), content) : throw text.Refuse("a text that is not empty");
        }

        var regex = pattern.Get("Regex");
        return new ReplacePattern(new PatternFinder(regex.AsString(), regex.Path), content);
    }

    private static void ReadBert(Field field, List<Normalizer> steps)
    {
        var lowers = field.GetBoolean("lowercase", true);
        if (field.GetBoolean("clean_text", true))
        {
            steps.Add(RuneFilter.BertClean);
        }

        if (field.GetBoolean("handle_chinese_chars", true))
        {
            steps.Add(new SpacedIdeographs());
        }

        if (field.GetBoolean("strip_accents", lowers))
        {
            steps.Add(new UnicodeForm(NormalizationForm.FormD));
            steps.Add(RuneFilter.WithoutNonSpacingMarks);
        }

        if (lowers)
        {
            steps.Add(new Lowercase());
        }
    }

    private static PrecompiledMap ReadPrecompiled(Field field)
    {
        _ = field.AsString();
        return field.Value.TryGetBytesFromBase64(out var map) ? new PrecompiledMap(map) : throw field.Refuse("base64");
    }
}
