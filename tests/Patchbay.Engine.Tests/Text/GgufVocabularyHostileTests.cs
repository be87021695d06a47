using Patchbay.Engine.Checkpoints.Gguf;
using Patchbay.Engine.Tests.Checkpoints.Gguf;
using Patchbay.Engine.Text;

namespace Patchbay.Engine.Tests.Text;

public sealed unsafe class GgufVocabularyHostileTests
{
    public static TheoryData<string, string[]> Names() => new(Hostile.Select(pair => (pair.Key, pair.Value.Words)));

    private static readonly Dictionary<string, (Action<Pairs> Make, string[] Words)> Hostile = new()
    {
        ["NoModel"] = (file => file.Tokens("a"), ["tokenizer.ggml.model"]),
        ["UnknownModel"] = (file => file.Text("model", "rwkv").Tokens("a"), ["tokenizer.ggml.model", "rwkv"]),
        ["NoTokens"] = (file => file.Text("model", "gpt2"), ["tokenizer.ggml.tokens"]),
        ["EmptyTokens"] = (file => file.Text("model", "gpt2").Tokens(), ["tokenizer.ggml.tokens", "none"]),
        ["SameTokens"] = (file => file.Text("model", "gpt2").Tokens("a", "a"), ["'a'", "0 and 1"]),
        ["NoMerges"] = (file => file.Text("model", "gpt2").Tokens("a"), ["tokenizer.ggml.merges"]),
        ["UnknownMerge"] = (file => file.Text("model", "gpt2").Tokens("a").Strings("merges", "a x"), ["merges[0]", "'x'"]),
        ["UnknownPreTokenizer"] = (file => file.Text("model", "gpt2").Text("pre", "mystery").Tokens("a").Strings("merges"), ["tokenizer.ggml.pre", "mystery"]),
        ["NoScores"] = (file => file.Text("model", "llama").Tokens("a"), ["tokenizer.ggml.scores"]),
        ["FewScores"] = (file => file.Text("model", "llama").Tokens("a", "b").Floats("scores", 0), ["tokenizer.ggml.scores", "expected 2", "found 1"]),
        ["FewTypes"] = (file => file.Text("model", "llama").Tokens("a", "b").Integers("token_type", 1), ["tokenizer.ggml.token_type", "found 1"]),
        ["NoStart"] = (file => file.Text("model", "llama").Tokens("a").Floats("scores", 0), ["tokenizer.ggml.bos_token_id"]),
        ["WildStart"] = (file => file.Text("model", "llama").Tokens("a").Floats("scores", 0).Integer("bos_token_id", 77), ["tokenizer.ggml.bos_token_id", "77"]),
        ["WildUnknown"] = (file => file.Text("model", "llama").Tokens("a").Floats("scores", 0).Integer("unknown_token_id", 9), ["unknown_token_id", "9"]),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void HostileVocabulary_FromGguf_IsRefusedByName(string name, string[] words)
    {
        var pairs = new Pairs();
        Hostile[name].Make(pairs);
        var bytes = pairs.ToArray();
        fixed (byte* data = bytes)
        {
            using var file = GgufFile.Parse(data, bytes.Length);
            var message = Assert.Throws<InvalidDataException>(() => Tokenizer.FromGguf(file)).Message;
            Assert.All(words, word => Assert.Contains(word, message, StringComparison.Ordinal));
        }
    }

    /// <summary>A file of tokenizer keys; the header, which tells their number, is written last.</summary>
    private sealed class Pairs
    {
        private readonly GgufWriter _body = new();
        private int _count;

        public Pairs Text(string key, string value)
        {
            Key(key).Raw(8u).Text(value);
            return this;
        }

        public Pairs Integer(string key, uint value)
        {
            Key(key).Raw(4u).Raw(value);
            return this;
        }

        public Pairs Tokens(params string[] tokens) => Strings("tokens", tokens);

        public Pairs Strings(string key, params string[] values)
        {
            Key(key).Raw(9u).Raw(8u).Raw((long)values.Length);
            foreach (var value in values)
            {
                _body.Text(value);
            }

            return this;
        }

        public Pairs Floats(string key, params float[] values) => Array(key, 6, values.Select(BitConverter.SingleToUInt32Bits));

        public Pairs Integers(string key, params uint[] values) => Array(key, 4, values);

        public byte[] ToArray() => [.. new GgufWriter().Header(0, _count).ToArray(), .. _body.ToArray()];

        private Pairs Array(string key, uint type, IEnumerable<uint> values)
        {
            var all = values.ToArray();
            Key(key).Raw(9u).Raw(type).Raw((long)all.Length);
            foreach (var value in all)
            {
                _body.Raw(value);
            }

            return this;
        }

        private GgufWriter Key(string key)
        {
            _count++;
            return _body.Text("tokenizer.ggml." + key);
        }
    }
}
