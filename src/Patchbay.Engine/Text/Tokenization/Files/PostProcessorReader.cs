namespace Patchbay.Engine.Text.Tokenization.Files;

/// <summary>Reads the section post_processor: which special tokens go around a single text.</summary>
internal static class PostProcessorReader
{
    private const int MostTokens = 256;

    public static SpecialFrame Read(Field? section) => section is { } field ? ReadOne(field) : SpecialFrame.None;

    private static SpecialFrame ReadOne(Field field) => field.GetString("type") switch
    {
        // Changes offsets only.
        "ByteLevel" => SpecialFrame.None,
        "TemplateProcessing" => ReadTemplate(field),
        "BertProcessing" or "RobertaProcessing" => new SpecialFrame([ReadPair(field.Get("cls"))], [ReadPair(field.Get("sep"))]),
        "Sequence" => field.Get("processors").Items().Aggregate(
            SpecialFrame.None, (inner, step) => Bound(step, inner.Within(ReadOne(step)))),
        _ => throw field.Get("type").Refuse("a known post-processor"),
    };

    private static int ReadPair(Field field) =>
        field.Items().ToArray() is [_, var id] ? id.AsInteger() : throw field.Refuse("a token and its id");

    private static SpecialFrame ReadTemplate(Field field)
    {
        var prefix = new List<int>();
        var suffix = new List<int>();
        var hasText = false;
        foreach (var piece in field.Get("single").Items())
        {
            if (piece.Find("SpecialToken") is { } special)
            {
                (hasText ? suffix : prefix).AddRange(ReadIds(field, special));
                Bound(piece, new SpecialFrame([.. prefix], [.. suffix]));
            }
            else if (piece.Find("Sequence") is { } sequence && sequence.GetString("id") == "A" && !hasText)
            {
                hasText = true;
            }
            else
            {
                throw piece.Refuse("special tokens around the sequence A once");
            }
        }

        return hasText ? new SpecialFrame([.. prefix], [.. suffix]) : throw field.Get("single").Refuse("the sequence A");
    }

    private static SpecialFrame Bound(Field field, SpecialFrame frame) => frame.Prefix.Length + frame.Suffix.Length <= MostTokens
        ? frame
        : throw new InvalidDataException($"{field.Path}: expected at most {MostTokens} special tokens around a text, found more.");

    private static IEnumerable<int> ReadIds(Field template, Field special) =>
        template.Get("special_tokens").Get(special.Get("id").AsShortString()).Get("ids").Items().Select(id => id.AsInteger()).Take(MostTokens + 1);
}
