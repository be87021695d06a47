using System.Text.Json;
using Patchbay.Engine.Checkpoints.Gguf;
using Patchbay.Engine.Text;

namespace Patchbay.Engine.Tests.Text;

public sealed class GgufVocabularyGoldenTests(ITestOutputHelper output)
{
    private const int Lines = 1110;

    private static readonly string Folder = Path.Combine(Fixtures.Own, "text", "gguf");

    [Theory]
    [InlineData("smollm")]
    [InlineData("qwen2")]
    [InlineData("llama-bpe")]
    [InlineData("llama")]
    [InlineData("llama-noprefix")]
    public void GgufVocabulary_EncodeAndDecode_EqualsLlamaCpp(string name)
    {
        using var file = GgufFile.Open(Path.Combine(Folder, name + ".gguf"));
        var tokenizer = Tokenizer.FromGguf(file);
        var lines = TokenizerPackages.ReadLines(Path.Combine(Folder, name + ".jsonl.gz"));
        var failures = new List<string>();
        var passed = 0;
        foreach (var json in lines)
        {
            // Other than in the files beside, a missing "skip" is the text, whatever "dec" is.
            var line = GoldenLine.Read(json, [], [], []);
            line = json.TryGetProperty("skip", out _) ? line : line with { Skipped = line.Text! };
            var differences = Compare(tokenizer, line, name == "llama-bpe" ? LlamaCppSpacing.Clean : text => text);
            passed += differences.Count == 0 ? 1 : 0;
            failures.AddRange(differences.Select(difference => $"{json.GetRawText()[..Math.Min(120, json.GetRawText().Length)]}\n    {difference}"));
        }

        output.WriteLine($"{name}: {passed} of {Lines} lines");
        Assert.Equal(Lines, lines.Count);
        Assert.True(failures.Count == 0, $"{name}: {passed} of {Lines} lines; {failures.Count} differences:\n" + string.Join('\n', failures.Take(12)));
    }

    private static List<string> Compare(Tokenizer tokenizer, GoldenLine line, Func<string, string> clean)
    {
        var differences = new List<string>();
        Check("ids", line.Ids, tokenizer.Encode(line.Text!, addSpecialTokens: false));
        Check("sp", line.Framed, tokenizer.Encode(line.Text!, addSpecialTokens: true));
        Check("raw", line.Raw, tokenizer.Encode(line.Text!, addSpecialTokens: false, parseSpecialTokens: false));
        Check("dec", line.Decoded, clean(tokenizer.Decode(line.Framed, skipSpecialTokens: false)));
        Check("skip", line.Skipped, clean(tokenizer.Decode(line.Framed, skipSpecialTokens: true)));
        return differences;

        void Check<T>(string what, IEnumerable<T> expected, IEnumerable<T> found)
        {
            if (!expected.SequenceEqual(found))
            {
                differences.Add($"{what}: expected {JsonSerializer.Serialize(expected)}\n    found {JsonSerializer.Serialize(found)}");
            }
        }
    }
}
