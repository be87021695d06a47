using System.Text.Json;

namespace Patchbay.FunctionalTests;

public sealed class CompletionsTests(DemoServer server) : IClassFixture<DemoServer>
{
    private const string Fields = "\"temperature\":0,\"max_tokens\":80";

    private static (string Prompt, int[] Tokens, string Answer) Recorded()
    {
        var row = JsonDocument.Parse(File.ReadLines(Path.Combine(Repository.Demo, "eval", "medical.jsonl")).First()).RootElement;
        var question = row.GetProperty("messages")[0].GetProperty("content").GetString();
        return (
            $"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n",
            [.. row.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())],
            row.GetProperty("answer").GetString()!);
    }

    [Fact]
    public async Task EveryFormOfPrompt_AnswersAsRecorded()
    {
        var (prompt, tokens, answer) = Recorded();
        var text = JsonSerializer.Serialize(prompt);
        var ids = JsonSerializer.Serialize(tokens);
        foreach (var (form, count) in new[] { (text, 1), ($"[{text},{text}]", 2), (ids, 1), ($"[{ids},{text},{ids}]", 3) })
        {
            var whole = await server.PostJsonAsync("/v1/completions", $"{{\"model\":\"medical\",{Fields},\"prompt\":{form}}}");
            Assert.Equal("text_completion", whole.GetProperty("object").GetString());
            Assert.Equal(Enumerable.Repeat(answer, count), Texts(whole));
            Assert.Equal(count * tokens.Length, whole.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        }
    }

    [Fact]
    public async Task Stream_AnswersAsRecorded()
    {
        var (prompt, _, answer) = Recorded();
        using var response = await server.PostAsync(
            "/v1/completions", $"{{\"model\":\"medical\",{Fields},\"stream\":true,\"prompt\":{JsonSerializer.Serialize(prompt)}}}");
        var events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", events[^1]);
        Assert.Equal(answer, string.Concat(events[..^1].Select(line =>
            JsonDocument.Parse(line["data: ".Length..]).RootElement.GetProperty("choices")[0].GetProperty("text").GetString())));
    }

    [Fact]
    public async Task Echo_BeginsWithThePrompt()
    {
        var whole = await server.PostJsonAsync("/v1/completions", "{\"model\":\"base\",\"prompt\":\"The sea is\",\"echo\":true,\"max_tokens\":4}");
        Assert.StartsWith("The sea is", Assert.Single(Texts(whole)));
        var alone = await server.PostJsonAsync("/v1/completions", "{\"model\":\"base\",\"prompt\":[\"a b\",\"c\"],\"echo\":true,\"max_tokens\":0}");
        Assert.Equal(["a b", "c"], Texts(alone));
        Assert.Equal(0, alone.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task LogProbabilities_HaveOneEntryForEachToken()
    {
        var whole = await server.PostJsonAsync("/v1/completions", "{\"model\":\"pirate\",\"prompt\":\"The sea\",\"max_tokens\":5,\"logprobs\":2,\"temperature\":0}");
        var probabilities = whole.GetProperty("choices")[0].GetProperty("logprobs");
        var count = whole.GetProperty("usage").GetProperty("completion_tokens").GetInt32();
        foreach (var field in new[] { "tokens", "token_logprobs", "top_logprobs", "text_offset" })
        {
            Assert.Equal(count, probabilities.GetProperty(field).GetArrayLength());
        }
        Assert.Equal(0, probabilities.GetProperty("text_offset")[0].GetInt32());
    }

    private static IEnumerable<string> Texts(JsonElement answer) =>
        answer.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("text").GetString()!);
}
