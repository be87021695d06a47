using System.Diagnostics;
using System.Text;
using Patchbay.Engine.Text;

namespace Patchbay.Engine.Tests.Text;

public sealed class TokenizerHostileTests
{
    private const string Bpe = """{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}""";

    /// <summary>Files that must be refused, each with what the message must name.</summary>
    public static TheoryData<string, string> Refused() => new()
    {
        { "", "tokenizer.json" },
        { "null", "expected an object" },
        { "[]", "expected an object" },
        { "{", "tokenizer.json" },
        { "{} {}", "tokenizer.json" },
        { "{}", "model.vocab" },
        { $$"""{"model":{{Bpe}},"model":{{Bpe}}}""", "model" },
        { $$"""{"model":{{Bpe}},"decoder":null,"decoder":null}""", "decoder" },
        { """{"model":{"type":"Word2Vec","vocab":{"a":0},"merges":[]}}""", "model.type" },
        { """{"model":{"type":"BPE","vocab":{},"merges":[]}}""", "model.vocab" },
        { """{"model":{"type":"BPE","vocab":7,"merges":[]}}""", "model.vocab" },
        { """{"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}}""", "found -1" },
        { """{"model":{"type":"BPE","vocab":{"a":2000000000},"merges":[]}}""", "found 2000000000" },
        { """{"model":{"type":"BPE","vocab":{"a":1e99},"merges":[]}}""", "model.vocab['a']" },
        { """{"model":{"type":"BPE","vocab":{"a":"0"},"merges":[]}}""", "model.vocab['a']" },
        { """{"model":{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}}""", "found 0 again" },
        { """{"model":{"type":"BPE","vocab":{"a":0,"a":1},"merges":[]}}""", "'a' with ids 0 and 1" },
        { """{"model":{"type":"BPE","vocab":{"\ud800":0},"merges":[]}}""", "model.vocab" },
        { """{"model":{"type":"BPE","vocab":{"a":0}}}""", "model.merges" },
        { """{"model":{"type":"BPE","vocab":{"a":0},"merges":["a x"]}}""", "model.merges[0]" },
        { """{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a b"]}}""", "found 'ab'" },
        { """{"model":{"type":"BPE","vocab":{"a":0},"merges":["a"]}}""", "model.merges[0]" },
        { """{"model":{"type":"BPE","vocab":{"a":0},"merges":["a a a"]}}""", "model.merges[0]" },
        { """{"model":{"type":"BPE","vocab":{"a":0},"merges":[["a"]]}}""", "model.merges[0]" },
        { """{"model":{"type":"BPE","vocab":{"a":0},"merges":[7]}}""", "model.merges[0]" },
        { """{"model":{"type":"BPE","dropout":0.1,"vocab":{"a":0},"merges":[]}}""", "model.dropout" },
        { """{"model":{"type":"BPE","dropout":"x","vocab":{"a":0},"merges":[]}}""", "model.dropout" },
        { """{"model":{"type":"BPE","unk_token":"?","vocab":{"a":0},"merges":[]}}""", "model.unk_token" },
        { """{"model":{"type":"WordPiece","unk_token":"?","vocab":{"a":0}}}""", "model.unk_token" },
        { """{"model":{"type":"WordPiece","vocab":{"a":0}}}""", "model.unk_token" },
        { """{"model":{"type":"Unigram","vocab":{"a":0}}}""", "model.vocab" },
        { """{"model":{"type":"Unigram","vocab":[["a"]]}}""", "model.vocab[0]" },
        { """{"model":{"type":"Unigram","vocab":[["a",0],5]}}""", "model.vocab[1]" },
        { """{"model":{"type":"Unigram","unk_id":9,"vocab":[["a",0]]}}""", "model.unk_id" },
        { With("added_tokens", """[{"id":-5,"content":"x"}]"""), "added_tokens[0].id" },
        { With("added_tokens", """[{"id":99999999,"content":"x"}]"""), "added_tokens[0].id" },
        { With("added_tokens", """[{"id":1,"content":"x"}]"""), "added_tokens[0].id" },
        { With("added_tokens", """[{"id":7,"content":"a"}]"""), "added_tokens[0].id" },
        { With("added_tokens", """[{"id":7,"content":"x"},{"id":7,"content":"y"}]"""), "added_tokens[1]" },
        { With("added_tokens", """[{"id":7,"content":"x"},{"id":8,"content":"x"}]"""), "added_tokens[1]" },
        { With("added_tokens", """[{"content":"x"}]"""), "added_tokens[0].id" },
        { With("added_tokens", """{"id":7}"""), "added_tokens" },
        { With("normalizer", """{"type":"Magic"}"""), "normalizer.type" },
        { With("normalizer", "7"), "normalizer" },
        { With("normalizer", """{"type":"Precompiled","precompiled_charsmap":"////"}"""), "normalizer.precompiled_charsmap" },
        { With("normalizer", """{"type":"Precompiled","precompiled_charsmap":"%%"}"""), "normalizer.precompiled_charsmap" },
        { With("normalizer", """{"type":"Replace","pattern":{"Regex":"("},"content":""}"""), "normalizer.pattern.Regex" },
        { With("normalizer", """{"type":"Replace","pattern":{"Regex":"[a&&b]"},"content":""}"""), "normalizer.pattern.Regex" },
        { With("normalizer", """{"type":"Replace","pattern":{"String":""},"content":""}"""), "normalizer.pattern.String" },
        { With("normalizer", $$"""{"type":"Prepend","prepend":"{{new string('x', 257)}}"}"""), "normalizer.prepend" },
        { With("pre_tokenizer", """{"type":"Magic"}"""), "pre_tokenizer.type" },
        { With("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"a++"},"behavior":"Isolated"}"""), "pre_tokenizer.pattern.Regex" },
        { With("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"\\p{Han}"},"behavior":"Isolated"}"""), "pre_tokenizer.pattern.Regex" },
        { With("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"a"},"behavior":"Chopped"}"""), "pre_tokenizer.behavior" },
        { With("pre_tokenizer", """{"type":"Metaspace","replacement":"__"}"""), "pre_tokenizer.replacement" },
        { With("pre_tokenizer", Sequence("pretokenizers", """{"type":"ByteLevel"}""", 3)), "pre_tokenizer" },
        { With("pre_tokenizer", Sequence("pretokenizers", """{"type":"Whitespace"}""", 17)), "pre_tokenizer" },
        { With("decoder", """{"type":"Magic"}"""), "decoder.type" },
        { With("decoder", """{"type":"Sequence","decoders":{}}"""), "decoder.decoders" },
        { With("post_processor", """{"type":"Magic"}"""), "post_processor.type" },
        { With("post_processor", """{"type":"BertProcessing","cls":["x",77],"sep":["y",0]}"""), "found 77" },
        { With("post_processor", """{"type":"TemplateProcessing","single":[],"special_tokens":{}}"""), "post_processor.single" },
        { With("post_processor", """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}}],"special_tokens":{}}"""), "special_tokens.x" },
        { With("normalizer", string.Concat(Enumerable.Repeat("""{"type":"Sequence","normalizers":[""", 5000))), "tokenizer.json" },
        { new string('[', 100_000), "tokenizer.json" },
        { $$"""{"deep":{{new string('[', 100_000)}}""", "tokenizer.json" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void HostileFile_FromJson_IsRefusedByName(string json, string name)
    {
        var message = Assert.Throws<InvalidDataException>(() => Read(json)).Message;
        Assert.Contains(name, message, StringComparison.Ordinal);
        Assert.True(message.Length < 500, message);
    }

    [Fact]
    public void InvalidUtf8_FromJson_IsRefused() =>
        Assert.Throws<InvalidDataException>(() => Tokenizer.FromJson([.. "{\"model\":{\"vocab\":{\""u8, 0xFF, .. "\":0}}}"u8]));

    [Fact]
    public void AnyByteChanged_FromJson_ReadsOrRefuses()
    {
        var json = TokenizerPackages.ReadBytes("tiny_split").AsSpan();
        // The vocabulary and the merges are most of the file and alike; their ends and all the rest are what matters.
        var interesting = json.IndexOf("\"vocab\""u8) + 200;
        var random = new Random(7);
        for (var i = 0; i < 3000; i++)
        {
            var changed = json.ToArray();
            changed[random.Next(interesting)] = (byte)random.Next(256);
            try
            {
                Tokenizer.FromJson(changed).Encode("Some text, 1999-12 ex!", addSpecialTokens: true);
            }
            catch (InvalidDataException)
            {
                // A refusal is as good as a reading; anything else fails the test.
            }
        }
    }

    [Theory]
    [InlineData(@"(a+)+$")]
    [InlineData(@"(a|a)*b")]
    [InlineData(@"((a{0,99}){0,99}){0,99}c")]
    public void PatternThatExplodes_Encode_StaysLinear(string pattern)
    {
        var clock = Stopwatch.StartNew();
        var tokenizer = Read(With("pre_tokenizer", $$"""{"type":"Split","pattern":{"Regex":"{{pattern}}"},"behavior":"Isolated"}"""));
        try
        {
            tokenizer.Encode(new string('a', 5000) + "!", addSpecialTokens: false);
        }
        catch (InvalidDataException)
        {
            // Taking too long is refused, too.
        }

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{clock.Elapsed}");
    }

    [Fact]
    public void PatternThatMustBacktrack_Encode_IsRefusedInTime()
    {
        var tokenizer = Read(With("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"(?!x)(a+)+$"},"behavior":"Isolated"}"""));
        var clock = Stopwatch.StartNew();
        var message = Assert.Throws<InvalidDataException>(() => tokenizer.Encode(new string('a', 5000) + "!", addSpecialTokens: false)).Message;
        Assert.Contains("pre_tokenizer.pattern.Regex", message, StringComparison.Ordinal);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{clock.Elapsed}");
    }

    [Fact]
    public void NormalizersThatDouble_Encode_AreRefusedInTime()
    {
        var tokenizer = Read(With("normalizer", Sequence("normalizers", """{"type":"Replace","pattern":{"String":"a"},"content":"aa"}""", 60)));
        var message = Assert.Throws<InvalidDataException>(() => tokenizer.Encode("a", addSpecialTokens: false)).Message;
        Assert.Contains("normalizer", message, StringComparison.Ordinal);
    }

    [Fact]
    public void DecodersThatDouble_Decode_AreRefusedInTime()
    {
        var tokenizer = Read(With("decoder", Sequence("decoders", """{"type":"Replace","pattern":{"String":"a"},"content":"aa"}""", 60)));
        Assert.Throws<InvalidDataException>(() => tokenizer.Decode([0], skipSpecialTokens: false));
    }

    [Fact]
    public void UnigramWithoutUnknown_Encode_IsRefused()
    {
        var tokenizer = Read("""{"model":{"type":"Unigram","vocab":[["a",0.0]]}}""");
        Assert.Equal([0], tokenizer.Encode("a", addSpecialTokens: false));
        Assert.Throws<InvalidDataException>(() => tokenizer.Encode("z", addSpecialTokens: false));
    }

    [Fact]
    public void FieldsInAnyOrder_FromJson_ReadsThem()
    {
        var tokenizer = Read("""{"model":{"merges":["a b"],"vocab":{"ab":2,"a":0,"b":1},"type":"BPE"},"version":"1.0"}""");
        Assert.Equal([2, 0], tokenizer.Encode("aba", addSpecialTokens: false));
    }

    private static string With(string section, string value) => $$"""{"model":{{Bpe}},"{{section}}":{{value}}}""";

    private static string Sequence(string name, string step, int count) =>
        $$"""{"type":"Sequence","{{name}}":[{{string.Join(',', Enumerable.Repeat(step, count))}}]}""";

    private static Tokenizer Read(string json) => Tokenizer.FromJson(Encoding.UTF8.GetBytes(json));
}
