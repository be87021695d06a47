using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>Answers are found by their ids, made again, and compared side by side.</summary>
public sealed class AnswerTests(DemoServer server) : IClassFixture<DemoServer>
{
    private static readonly object[] Messages = [new { role = "user", content = "What helps against a fever?" }];

    [Fact]
    public async Task ASampledAnswer_IsFoundByItsIdAndMadeAgain()
    {
        var answer = await AskAsync(new { model = "medical", messages = Messages, max_tokens = 12, temperature = 1.2, n = 2 });
        var id = answer.GetProperty("id").GetString()!;
        var found = await FindAsync(id);

        Assert.Equal("medical", found.GetProperty("alias").GetString());
        Assert.False(found.GetProperty("prompt_kept").GetBoolean());
        Assert.True(found.GetProperty("sampling").GetProperty("seed").GetUInt64() > 0);
        Assert.DoesNotContain("fever", found.GetRawText(), StringComparison.Ordinal);

        var again = await ReplayAsync(id, new { messages = Messages });
        Assert.True(again.GetProperty("same").GetBoolean());
        Assert.Equal(
            answer.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("message").GetProperty("content").GetString()),
            again.GetProperty("texts").EnumerateArray().Select(text => text.GetString()));
    }

    [Fact]
    public async Task AnAnswerOfASum_IsMadeAgain()
    {
        var answer = await AskAsync(new
        {
            messages = Messages, max_tokens = 8, temperature = 0.9,
            adapters = new[] { new { name = "medical", weight = 0.5 }, new { name = "finance", weight = 0.25 } },
        });
        var id = answer.GetProperty("id").GetString()!;
        await FindAsync(id);
        Assert.True((await ReplayAsync(id, new { messages = Messages })).GetProperty("same").GetBoolean());
    }

    [Fact]
    public async Task AnotherPrompt_OrNone_OrAnUnknownId_IsRefused()
    {
        var id = (await AskAsync(new { model = "medical", messages = Messages, max_tokens = 2 })).GetProperty("id").GetString()!;
        await FindAsync(id);
        await ExpectAsync(HttpStatusCode.Conflict, "prompt_differs", id, new { messages = new[] { new { role = "user", content = "Something else" } } });
        await ExpectAsync(HttpStatusCode.BadRequest, "prompt_needed", id, new { });
        await ExpectAsync(HttpStatusCode.NotFound, "answer_not_found", "chatcmpl-nobody", new { messages = Messages });
    }

    [Fact]
    public async Task ThreeModels_Compare_StreamsThemSideBySideAndSaysWhereTheyPart()
    {
        using var answer = await server.Client.PostAsJsonAsync(
            "/v1/compare", new { messages = Messages, models = new[] { "medical", "medical", "finance" }, max_tokens = 12, temperature = 0, logprobs = true },
            TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.EndsWith("data: [DONE]\n\n", text, StringComparison.Ordinal);
        var events = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line.StartsWith("data: {", StringComparison.Ordinal))
            .Select(line => JsonDocument.Parse(line["data: ".Length..]).RootElement).ToList();

        var columns = events.Where(item => item.TryGetProperty("delta", out _)).GroupBy(item => item.GetProperty("index").GetInt32())
            .ToDictionary(column => column.Key, column => string.Concat(column.Select(item => item.GetProperty("delta").GetString())));
        Assert.Equal(columns[0], columns[1]);
        Assert.NotEqual(columns[0], columns[2]);
        var whole = await AskAsync(new { model = "finance", messages = Messages, max_tokens = 12, temperature = 0 });
        Assert.Equal(whole.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), columns[2]);

        var differences = events[^1].GetProperty("differences");
        Assert.Equal(JsonValueKind.Null, differences[0].GetProperty("first_difference").ValueKind);
        Assert.Equal(1, differences[0].GetProperty("agreement").GetDouble());
        Assert.True(differences[1].GetProperty("agreement").GetDouble() < 1);
        Assert.Equal(3, events.Count(item => item.TryGetProperty("finish_reason", out _)));
        Assert.True(events.First(item => item.TryGetProperty("token", out _)).GetProperty("logprob").GetDouble() <= 0);
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"models":["medical"]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"models":["medical",7]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"models":["a","b","c","d","e"]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"models":["medical","no-such"]}""")]
    [InlineData("""{"messages":[],"models":["medical","finance"]}""")]
    public async Task ABadComparison_IsRefused(string body)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var answer = await server.Client.PostAsync("/v1/compare", content, TestContext.Current.CancellationToken);
        Assert.InRange((int)answer.StatusCode, 400, 404);
    }

    [Fact]
    public async Task AComparedAnswer_CanBeRatedAndFound()
    {
        using var answer = await server.Client.PostAsJsonAsync(
            "/v1/compare", new { messages = Messages, models = new[] { "medical", "finance" }, max_tokens = 4 }, TestContext.Current.CancellationToken);
        var events = (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        var id = JsonDocument.Parse(events[0]["data: ".Length..]).RootElement.GetProperty("id").GetString()!;
        using var rated = await server.Client.PostAsJsonAsync("/v1/feedback", new { id, score = 1 }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, rated.StatusCode);
        Assert.Equal("chat", (await FindAsync(id)).GetProperty("operation").GetString());
    }

    [Fact]
    public async Task ARating_WithoutKeptPrompts_KeepsTheScoreAndNotTheComment()
    {
        var id = (await AskAsync(new { model = "medical", messages = Messages, max_tokens = 2 })).GetProperty("id").GetString()!;
        Assert.Equal(JsonValueKind.Null, (await FindAsync(id)).GetProperty("feedback").ValueKind);
        using var rated = await server.Client.PostAsJsonAsync("/v1/feedback", new { id, score = 0.25, comment = "too short" }, TestContext.Current.CancellationToken);
        Assert.False((await rated.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("comment_kept").GetBoolean());
        var feedback = await FeedbackAsync(server.Client, id);
        Assert.Equal((0.25, null), (feedback.GetProperty("score").GetDouble(), feedback.GetProperty("comment").GetString()));
    }

    [Fact]
    public async Task ARating_WherePromptsAreKept_KeepsTheCommentAsItIs()
    {
        const string comment = "<img src=x onerror=alert(1)> \"zu kurz\" 太短";
        var data = Directory.CreateTempSubdirectory("patchbay-data-").FullName;
        try
        {
            await using var process = await PatchbayProcess.ServeAsync("--data", data, "--keep-prompts-hours", "1");
            using var client = new HttpClient { BaseAddress = process.Address };
            using var answer = await client.PostAsJsonAsync("/v1/chat/completions", new { messages = Messages, max_tokens = 2 }, TestContext.Current.CancellationToken);
            var id = (await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("id").GetString()!;
            using var rated = await client.PostAsJsonAsync("/v1/feedback", new { id, score = 0, comment }, TestContext.Current.CancellationToken);
            Assert.True((await rated.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("comment_kept").GetBoolean());
            Assert.Equal(comment, (await FeedbackAsync(client, id)).GetProperty("comment").GetString());
            Assert.DoesNotContain("zu kurz", process.Output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<JsonElement> FeedbackAsync(HttpClient client, string id)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var answer = await client.GetAsync($"/admin/answers/{id}", TestContext.Current.CancellationToken);
            if (answer.StatusCode == HttpStatusCode.OK
                && (await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("feedback") is { ValueKind: JsonValueKind.Object } feedback)
            {
                return feedback;
            }
            Assert.True(attempt < 200, "The rating was not kept.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private async Task<JsonElement> AskAsync(object body)
    {
        using var answer = await server.Client.PostAsJsonAsync("/v1/chat/completions", body, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
    }

    // It is written beside the answer, a moment later.
    private async Task<JsonElement> FindAsync(string id)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var answer = await server.Client.GetAsync($"/admin/answers/{id}", TestContext.Current.CancellationToken);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                return await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
            }
            Assert.True(attempt < 200, "The answer was not kept.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private async Task<JsonElement> ReplayAsync(string id, object body)
    {
        using var answer = await server.Client.PostAsJsonAsync($"/admin/answers/{id}/replay", body, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
    }

    private async Task ExpectAsync(HttpStatusCode status, string code, string id, object body)
    {
        using var answer = await server.Client.PostAsJsonAsync($"/admin/answers/{id}/replay", body, TestContext.Current.CancellationToken);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Equal((status, code), (answer.StatusCode, problem.GetProperty("code").GetString()));
    }
}
