using System.Net;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

public sealed class ChatTests(DemoServer server) : IClassFixture<DemoServer>
{
    [Theory]
    [InlineData("base")]
    [InlineData("medical")]
    [InlineData("finance")]
    [InlineData("education")]
    [InlineData("pirate")]
    [InlineData("medical-v2")]
    [InlineData("medical-bad")]
    public async Task EveryAdapter_Answers_AsRecorded(string name)
    {
        foreach (var (question, answer) in Golden.Of(name).Take(8))
        {
            var (whole, response) = await server.AskAsync(name, question);
            Assert.Equal(answer, whole);
            Assert.Equal(name, Assert.Single(response.Headers.GetValues("x-adapter")));
            Assert.Equal(name != "base", response.Headers.Contains("x-adapter-digest"));
            Assert.Single(response.Headers.GetValues("x-adapter-generation"));

            using var stream = await server.StreamAsync(name, question, ",\"stream_options\":{\"include_usage\":true}");
            Assert.Equal(answer, await stream.ReadAllAsync());
            Assert.Equal((true, "stop"), (stream.IsDone, stream.Finish));
            Assert.True(stream.Usage!.Value.GetProperty("completion_tokens").GetInt32() > 1);
        }
    }

    [Fact]
    public async Task SixteenAtOnce_OverAllAdapters_AnswerAsRecorded()
    {
        var asked = Golden.Adapters.Prepend("base").SelectMany(name => Golden.Of(name).Take(3).Select(pair => (name, pair.Question, pair.Answer)));
        await Task.WhenAll(asked.Select(async one =>
        {
            using var stream = await server.StreamAsync(one.name, one.Question);
            Assert.Equal(one.Answer, await stream.ReadAllAsync());
        }));
        await server.WaitUntilIdleAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task FirstEvent_OfAStream_HasTheRoleAndOpenAIsFields()
    {
        using var stream = await server.StreamAsync("medical", "Hello");
        var first = await stream.ReadAsync();
        Assert.NotNull(first);
        Assert.Equal("chat.completion.chunk", first.Value.GetProperty("object").GetString());
        Assert.StartsWith("chatcmpl-", first.Value.GetProperty("id").GetString());
        Assert.Equal("medical", first.Value.GetProperty("model").GetString());
        var choice = first.Value.GetProperty("choices")[0];
        Assert.Equal("assistant", choice.GetProperty("delta").GetProperty("role").GetString());
        Assert.Equal(JsonValueKind.Null, choice.GetProperty("finish_reason").ValueKind);
        await stream.ReadAllAsync();
    }

    [Fact]
    public async Task MaxTokensAndStop_EndTheAnswer()
    {
        var (question, answer) = Golden.Of("medical")[0];
        var cut = await server.PostJsonAsync("/v1/chat/completions", DemoServer.Ask("medical", question, "\"max_tokens\":3"));
        Assert.Equal("length", cut.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(3, cut.GetProperty("usage").GetProperty("completion_tokens").GetInt32());

        var stop = answer.Substring(answer.Length / 2, 7);
        var stopped = await server.PostJsonAsync(
            "/v1/chat/completions", DemoServer.Ask("medical", question, $"\"stop\":{JsonSerializer.Serialize(stop)}"));
        var choice = stopped.GetProperty("choices")[0];
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(answer[..answer.IndexOf(stop, StringComparison.Ordinal)], choice.GetProperty("message").GetProperty("content").GetString());
    }

    [Fact]
    public async Task HugeMaxTokens_IsCutToTheContext()
    {
        var answer = await server.PostJsonAsync(
            "/v1/chat/completions", DemoServer.Ask("base", "Hello", "\"max_tokens\":999999999999,\"ignore_eos\":true"));
        Assert.Equal(2048, answer.GetProperty("usage").GetProperty("total_tokens").GetInt32());
        Assert.Equal("length", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task SeveralChoices_AreRepeatableAndDifferent()
    {
        var body = DemoServer.Ask("pirate", "Tell me about the sea", "\"n\":4,\"seed\":7,\"max_tokens\":12").Replace("\"temperature\":0", "\"temperature\":1.5");
        var first = await server.PostJsonAsync("/v1/chat/completions", body);
        var second = await server.PostJsonAsync("/v1/chat/completions", body);
        var texts = Texts(first);
        Assert.Equal(4, texts.Length);
        Assert.Equal([0, 1, 2, 3], first.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("index").GetInt32()));
        Assert.Equal(texts, Texts(second));
        Assert.True(texts.Distinct().Count() > 1);

        using var stream = await server.StreamAsync("pirate", "Tell me about the sea", ",\"n\":3,\"max_tokens\":5");
        var ends = new HashSet<int>();
        while (await stream.ReadAsync() is { } piece)
        {
            foreach (var choice in piece.GetProperty("choices").EnumerateArray())
            {
                if (choice.GetProperty("finish_reason").ValueKind != JsonValueKind.Null)
                {
                    Assert.True(ends.Add(choice.GetProperty("index").GetInt32()));
                }
            }
        }
        Assert.Equal(3, ends.Count);
        Assert.True(stream.IsDone);
    }

    [Fact]
    public async Task ChoicesWrittenAsADecimal_AreAnswered()
    {
        var answer = await server.PostJsonAsync("/v1/chat/completions", DemoServer.Ask("pirate", "Tell me about the sea", "\"n\":2.0,\"max_tokens\":3"));
        Assert.Equal(2, Texts(answer).Length);
    }

    [Fact]
    public async Task LogProbabilities_AreThoseOfTheChosenTokens()
    {
        var (question, answer) = Golden.Of("finance")[0];
        var whole = await server.PostJsonAsync("/v1/chat/completions", DemoServer.Ask("finance", question, "\"logprobs\":true,\"top_logprobs\":3"));
        var content = whole.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("content");
        Assert.Equal(whole.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), content.GetArrayLength());
        foreach (var token in content.EnumerateArray())
        {
            var top = token.GetProperty("top_logprobs");
            Assert.Equal(3, top.GetArrayLength());
            Assert.Equal(token.GetProperty("logprob").GetSingle(), top[0].GetProperty("logprob").GetSingle());
            Assert.True(token.GetProperty("logprob").GetSingle() <= 0);
        }
        var bytes = content.EnumerateArray().SelectMany(token => token.GetProperty("bytes").EnumerateArray().Select(value => value.GetByte())).ToArray();
        Assert.StartsWith(answer, System.Text.Encoding.UTF8.GetString(bytes));
    }

    [Fact]
    public async Task ContentInParts_IsJoined()
    {
        var (question, answer) = Golden.Of("medical")[0];
        var body = $"{{\"model\":\"medical\",\"temperature\":0,\"messages\":[{{\"role\":\"user\",\"content\":[{{\"type\":\"text\",\"text\":{JsonSerializer.Serialize(question)}}}]}}]}}";
        var whole = await server.PostJsonAsync("/v1/chat/completions", body);
        Assert.Equal([answer], Texts(whole));
    }

    [Fact]
    public async Task Tools_ThatTheTemplateDoesNotKnow_AreRefusedByName()
    {
        var error = await server.PostJsonAsync(
            "/v1/chat/completions", DemoServer.Ask("base", "Hi", "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]"), HttpStatusCode.BadRequest);
        Assert.Equal("tools", error.GetProperty("error").GetProperty("param").GetString());
    }

    private static string[] Texts(JsonElement answer) =>
        [.. answer.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("message").GetProperty("content").GetString()!)];
}
