using System.Text;
using Patchbay.Engine.Text;

namespace Patchbay.Engine.Tests.Text;

/// <summary>What the reference streams of <see cref="TokenizerGoldenTests"/> do not show.</summary>
public sealed class StreamingDetokenizerTests
{
    public static TheoryData<string> OwnNames() =>
        ["tiny_bpe", "tiny_roberta", "tiny_spm_bpe", "tiny_split", "tiny_unigram", "tiny_unigram_bf", "tiny_wordpiece"];

    [Theory]
    [MemberData(nameof(OwnNames))]
    public void ValidText_PushAndFlush_TogetherEqualDecode(string name)
    {
        var tokenizer = TokenizerPackages.Load(name);
        var lines = TokenizerPackages.ReadLines(Path.Combine(TokenizerPackages.Folder, "strings.jsonl.gz"));
        foreach (var skips in new[] { false, true })
        {
            foreach (var line in lines)
            {
                var ids = tokenizer.Encode(line.GetProperty("t").GetString()!, addSpecialTokens: true);
                var detokenizer = tokenizer.CreateDetokenizer(skips);
                var text = new StringBuilder();
                foreach (var id in ids)
                {
                    text.Append(detokenizer.Push(id));
                }

                Assert.Equal(tokenizer.Decode(ids, skips), text.Append(detokenizer.Flush()).ToString());
            }
        }

        Assert.Equal(2340, lines.Count);
    }

    [Fact]
    public void CharacterOfSeveralTokens_Push_ReleasesItWhole()
    {
        var tokenizer = TokenizerPackages.Load("tiny_bpe");
        var ids = "\U0001F98A"u8.ToArray().Select(value => ByteToken(tokenizer, value)).ToArray();
        var detokenizer = tokenizer.CreateDetokenizer(skipSpecialTokens: false);
        Assert.Equal(["", "", "", "\U0001F98A"], ids.Select(detokenizer.Push));
        Assert.Equal("", detokenizer.Flush());
    }

    [Fact]
    public void UnfinishedCharacter_Flush_IsReplaced()
    {
        var tokenizer = TokenizerPackages.Load("tiny_bpe");
        var detokenizer = tokenizer.CreateDetokenizer(skipSpecialTokens: false);
        Assert.Equal("", detokenizer.Push(ByteToken(tokenizer, 0xE2)));
        Assert.Equal("\uFFFD", detokenizer.Flush());
    }

    [Fact]
    public void UnknownIds_Push_AreNoText()
    {
        var detokenizer = TokenizerPackages.Load("tiny_bpe").CreateDetokenizer(skipSpecialTokens: false);
        Assert.Equal(["", "", ""], new[] { -1, int.MaxValue, 1_000_000 }.Select(detokenizer.Push));
    }

    // A byte alone is a token of one character; which one is found by asking for the bytes of all.
    private static int ByteToken(Tokenizer tokenizer, byte value) =>
        Enumerable.Range(0, tokenizer.VocabularySize).First(id => tokenizer.TokenBytes(id) is [var only] && only == value);
}
