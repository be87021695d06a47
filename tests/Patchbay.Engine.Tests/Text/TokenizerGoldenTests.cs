using System.Text.Json;
using Patchbay.Engine.Text;

namespace Patchbay.Engine.Tests.Text;

public sealed class TokenizerGoldenTests(ITestOutputHelper output)
{
    private const int Lines = 2610;

    private static readonly Lazy<string[]> Strings = new(() =>
        [.. TokenizerPackages.ReadLines(Path.Combine(TokenizerPackages.Folder, "strings.jsonl.gz")).Select(line => line.GetProperty("t").GetString()!)]);

    public static TheoryData<string> Names() => [.. TokenizerPackages.Names];

    [Fact]
    public void Packages_Count_IsThatOfTheFixtures() => Assert.Equal(28, TokenizerPackages.Names.Count());

    [Theory]
    [MemberData(nameof(Names))]
    public void TokenizerJson_EncodeAndDecode_EqualsReference(string name)
    {
        var tokenizer = TokenizerPackages.Load(name);
        var lines = TokenizerPackages.ReadLines(Path.Combine(TokenizerPackages.Folder, name + ".jsonl.gz"));
        var header = lines[0];
        var prefix = GoldenLine.ReadIds(header.GetProperty("prefix"));
        var suffix = GoldenLine.ReadIds(header.GetProperty("suffix"));
        var failures = new List<string>();
        var (passed, streams) = (0, 0);
        foreach (var json in lines.Skip(1))
        {
            var line = GoldenLine.Read(json, Strings.Value, prefix, suffix);
            streams += line.Stream is null ? 0 : 1;
            var differences = Compare(tokenizer, line);
            passed += differences.Count == 0 ? 1 : 0;
            failures.AddRange(differences.Select(difference => $"{json.GetRawText()[..Math.Min(100, json.GetRawText().Length)]}\n    {difference}"));
        }

        output.WriteLine($"{name}: {passed} of {Lines} lines, {streams} of them streams");
        Assert.Equal(Lines, lines.Count - 1);
        Assert.True(streams > 100, $"{streams} lines are streams");
        Assert.True(failures.Count == 0, $"{name}: {passed} of {Lines} lines; {failures.Count} differences:\n" + string.Join('\n', failures.Take(12)));
    }

    private static List<string> Compare(Tokenizer tokenizer, GoldenLine line)
    {
        var differences = new List<string>();
        if (line.Text is { } text)
        {
            Check("ids", line.Ids, tokenizer.Encode(text, addSpecialTokens: false));
            Check("sp", line.Framed, tokenizer.Encode(text, addSpecialTokens: true));
            Check("raw", line.Raw, tokenizer.Encode(text, addSpecialTokens: false, parseSpecialTokens: false));
        }

        Check("dec", line.Decoded, tokenizer.Decode(line.Ids, skipSpecialTokens: false));
        Check("skip", line.Skipped, tokenizer.Decode(line.Ids, skipSpecialTokens: true));
        if (line.Stream is { } stream)
        {
            var detokenizer = tokenizer.CreateDetokenizer(skipSpecialTokens: false);
            Check("stream", stream, [.. line.Ids.Select(detokenizer.Push), detokenizer.Flush()]);
        }

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
