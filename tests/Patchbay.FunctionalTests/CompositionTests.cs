using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Patchbay.FunctionalTests;

/// <summary>Weighted sums of adapters, in every dialect that names them.</summary>
public sealed class CompositionTests(DemoServer server) : IClassFixture<DemoServer>
{
    private const string Mix = "\"adapters\":[{\"name\":\"medical\",\"weight\":0.7},{\"name\":\"pirate\",\"weight\":0.3}]";

    private static readonly (string Question, string Answer) Medical = Golden.Of("medical")[0];

    private async Task<(string Answer, HttpResponseMessage Response, JsonElement Body)> AskAsync(string fields, string? question = null)
    {
        var response = await server.PostAsync("/v1/chat/completions", DemoServer.Ask(null, question ?? Medical.Question, fields));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        using var document = JsonDocument.Parse(text);
        var body = document.RootElement.Clone();
        return (body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!, response, body);
    }

    private static string Header(HttpResponseMessage response, string name) => Assert.Single(response.Headers.GetValues(name));

    [Theory]
    [InlineData("\"adapters\":[{\"name\":\"medical\"}]")]
    [InlineData("\"adapters\":[{\"name\":\"medical\",\"weight\":1}]")]
    [InlineData("\"adapter_id\":\"medical\"")]
    [InlineData("\"merged_adapters\":{\"ids\":[\"medical\"],\"weights\":[1.0],\"merge_strategy\":\"linear\"}")]
    [InlineData("\"lora\":[{\"id\":0,\"scale\":0},{\"id\":2,\"scale\":1}]")]
    public async Task OneAdapterWithWeightOne_IsThatAdapterInAnswerAndLabels(string fields)
    {
        var (plain, response) = await server.AskAsync("medical", Medical.Question);
        Assert.Equal(Medical.Answer, plain);
        var (answer, composed, body) = await AskAsync(fields);
        Assert.Equal(Medical.Answer, answer);
        Assert.Equal("medical", body.GetProperty("model").GetString());
        foreach (var header in new[] { "x-adapter", "x-adapter-digest", "x-adapter-generation" })
        {
            Assert.Equal(Header(response, header), Header(composed, header));
        }
    }

    [Fact]
    public async Task WeightZero_AddsNothing()
    {
        foreach (var (question, expected) in Golden.Of("medical").Take(3))
        {
            var (answer, response, _) = await AskAsync("\"adapters\":[{\"name\":\"medical\",\"weight\":1},{\"name\":\"pirate\",\"weight\":0}]", question);
            Assert.Equal(expected, answer);
            Assert.Equal("medical*1+pirate*0", Header(response, "x-adapter"));
        }
        foreach (var (question, expected) in Golden.Of("base").Take(3))
        {
            Assert.Equal(expected, (await AskAsync("\"adapters\":[{\"name\":\"medical\",\"weight\":0}]", question)).Answer);
            var (answer, response, _) = await AskAsync("\"lora\":[{\"id\":2,\"scale\":0.0}]", question);
            Assert.Equal((expected, "base"), (answer, Header(response, "x-adapter")));
        }
    }

    [Fact]
    public async Task Sum_SaysWhatItIsMadeOf()
    {
        var (answer, response, body) = await AskAsync(Mix);
        var digest = Header(response, "x-adapter-digest");
        Assert.Equal(("medical*0.7+pirate*0.3", "1+1"), (Header(response, "x-adapter"), Header(response, "x-adapter-generation")));
        Assert.Matches("^sha256:[0-9a-f]{64}$", digest);
        Assert.Equal((digest, "medical*0.7+pirate*0.3"), (body.GetProperty("system_fingerprint").GetString(), body.GetProperty("model").GetString()));
        string[] sames =
        [
            "\"merged_adapters\":{\"ids\":[\"medical\",\"pirate\"],\"weights\":[0.7,0.3]}",
            "\"lora\":[{\"id\":2,\"scale\":0.7},{\"id\":0,\"scale\":0},{\"id\":5,\"scale\":0.3}]",
            Mix.Replace("\"pirate\"", "\"base:pirate\"", StringComparison.Ordinal),
        ];
        foreach (var same in sames)
        {
            var (again, other, _) = await AskAsync(same);
            Assert.Equal((answer, digest), (again, Header(other, "x-adapter-digest")));
        }
        var (_, negative, _) = await AskAsync("\"adapters\":[{\"name\":\"medical\",\"weight\":-0.25}]");
        Assert.Equal("medical*-0.25", Header(negative, "x-adapter"));
        Assert.NotEqual(digest, Header(negative, "x-adapter-digest"));
    }

    [Fact]
    public async Task SeveralChoicesStreamsAndCompletions_AreAnsweredBySums()
    {
        var (answer, _, _) = await AskAsync(Mix);
        var (_, _, body) = await AskAsync("\"n\":3," + Mix);
        Assert.Equal(
            [answer, answer, answer],
            body.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("message").GetProperty("content").GetString()));
        using var stream = await server.StreamAsync(null, Medical.Question, "," + Mix);
        Assert.Equal("medical*0.7+pirate*0.3", stream.Header("x-adapter"));
        Assert.Equal(answer, await stream.ReadAllAsync());
        var completion = await server.PostJsonAsync("/v1/completions", $"{{\"prompt\":[\"Hello\",\"Ahoy\"],\"n\":2,\"max_tokens\":4,{Mix}}}");
        Assert.Equal(4, completion.GetProperty("choices").GetArrayLength());
        await server.WaitUntilIdleAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task SumsAndAdaptersTogether_AnswerAsAlone()
    {
        var pirate = Golden.Of("pirate")[0];
        var other = Mix.Replace("0.3", "0.6", StringComparison.Ordinal);
        var mixed = (await AskAsync(Mix)).Answer;
        var stronger = (await AskAsync(other)).Answer;
        var work = Enumerable.Range(0, 24).Select(i => Task.Run(async () =>
        {
            var (expected, actual) = (i % 4) switch
            {
                0 => (mixed, (await AskAsync(Mix)).Answer),
                1 => (stronger, (await AskAsync(other)).Answer),
                2 => (Medical.Answer, (await server.AskAsync("medical", Medical.Question)).Answer),
                _ => (pirate.Answer, (await server.AskAsync("pirate", pirate.Question)).Answer),
            };
            Assert.Equal(expected, actual);
        }));
        await Task.WhenAll(work);
        await server.WaitUntilIdleAsync(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData("\"adapters\":[{\"name\":\"medical\"},{\"name\":\"nope\"}]", 404, "adapters", "medical, medical-bad, medical-v2, pirate")]
    [InlineData("\"adapters\":[{\"name\":\"medical@latest\"}]", 404, "adapters", "64 hexadecimal digits")]
    [InlineData("\"merged_adapters\":{\"ids\":[\"nope\"]}", 404, "merged_adapters", "medical, medical-bad, medical-v2, pirate")]
    [InlineData("\"lora\":[{\"id\":6,\"scale\":0}]", 404, "lora", "id 6")]
    [InlineData("\"adapter_id\":\"nope\"", 404, "model", "medical, medical-bad, medical-v2, pirate")]
    [InlineData("\"adapters\":[{\"name\":\"medical\"},{\"name\":\"base:medical\",\"weight\":2}]", 400, "adapters", "expected each adapter once")]
    [InlineData("\"lora\":[{\"id\":2,\"scale\":1},{\"id\":2,\"scale\":1}]", 400, "lora", "id 2")]
    [InlineData("\"adapters\":[{\"name\":\"base\"}]", 400, "adapters", "base model")]
    [InlineData("\"adapters\":[]", 400, "adapters", "1 to 16")]
    [InlineData("\"adapters\":[{\"name\":\"medical\",\"weight\":1e39}]", 400, "adapters[0].weight", "finite")]
    [InlineData("\"merged_adapters\":{\"ids\":[\"medical\"],\"merge_strategy\":\"ties\"}", 400, "merged_adapters.merge_strategy", "\"ties\"")]
    [InlineData("\"model\":\"pirate\"," + Mix, 400, "adapters", "one of them")]
    [InlineData("\"adapter\":\"pirate\"," + Mix, 400, "adapters", "one of them")]
    public async Task WrongSelection_IsRefusedByName(string fields, int status, string param, string part)
    {
        var body = await server.PostJsonAsync(
            "/v1/chat/completions", $"{{{fields},\"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]}}", (HttpStatusCode)status);
        var error = body.GetProperty("error");
        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.Contains(part, error.GetProperty("message").GetString());
        Assert.Equal(status == 404, error.GetProperty("code").GetString() == "model_not_found");
        await server.WaitUntilIdleAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task AdapterWithoutSum_IsRefusedWithTheEnginesSentence()
    {
        var config = Path.Combine(server.AddAdapter("medical", "invoked"), "adapter_config.json");
        var fields = JsonNode.Parse(await File.ReadAllTextAsync(config))!;
        fields["alora_invocation_tokens"] = new JsonArray(5);
        await File.WriteAllTextAsync(config, fields.ToJsonString());
        using (var loaded = await server.PostAsync("/v1/load_lora_adapter", "{\"lora_name\":\"invoked\",\"lora_path\":\"invoked\"}"))
        {
            Assert.True(loaded.IsSuccessStatusCode, await loaded.Content.ReadAsStringAsync());
        }
        foreach (var stream in new[] { "false", "true" })
        {
            var sum = $"\"stream\":{stream},\"n\":2,\"adapters\":[{{\"name\":\"invoked\"}},{{\"name\":\"pirate\",\"weight\":0.5}}]";
            var body = await server.PostJsonAsync("/v1/chat/completions", DemoServer.Ask(null, "Hello", sum), HttpStatusCode.BadRequest);
            Assert.Contains("alora_invocation_tokens", body.GetProperty("error").GetProperty("message").GetString());
        }
        using var unloaded = await server.PostAsync("/v1/unload_lora_adapter", "{\"lora_name\":\"invoked\"}");
        Assert.True(unloaded.IsSuccessStatusCode);
        await server.WaitUntilIdleAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task SumWhileItsPartIsReplaced_IsOfOneVersion()
    {
        const string Sum = "\"adapters\":[{\"name\":\"moving\",\"weight\":0.75},{\"name\":\"pirate\",\"weight\":0.25}]";
        server.AddAdapter("medical", "moving");
        server.AddAdapter("medical-v2", "moving-2");
        var answers = new Dictionary<string, string>();
        foreach (var path in new[] { "moving", "moving-2" })
        {
            await LoadAsync(path);
            var (answer, response, _) = await AskAsync(Sum);
            answers[Header(response, "x-adapter-digest")] = answer;
        }
        Assert.Equal(2, answers.Count);
        using var stop = new CancellationTokenSource();
        var churn = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await LoadAsync(i % 2 == 0 ? "moving" : "moving-2");
            }
        });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 6; i++)
            {
                var (answer, response, _) = await AskAsync(Sum);
                Assert.Equal(answers[Header(response, "x-adapter-digest")], answer);
            }
        })));
        await stop.CancelAsync();
        await churn;
        using var unloaded = await server.PostAsync("/v1/unload_lora_adapter", "{\"lora_name\":\"moving\"}");
        Assert.True(unloaded.IsSuccessStatusCode);
        await server.WaitUntilIdleAsync(TimeSpan.FromSeconds(10));

        async Task LoadAsync(string path)
        {
            using var response = await server.PostAsync(
                "/v1/load_lora_adapter", $"{{\"lora_name\":\"moving\",\"lora_path\":\"{path}\",\"load_inplace\":true}}");
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task LoraAdapters_ListPlacesWithoutPaths()
    {
        await server.PostJsonAsync("/switch-lora", "{\"adapter_name\":\"finance\"}");
        var text = await server.Client.GetStringAsync("/lora-adapters");
        await server.PostJsonAsync("/switch-lora", "{\"adapter_name\":null}");
        using var document = JsonDocument.Parse(text);
        Assert.Equal(
            Golden.Adapters.Select((name, id) => (id, name, name == "finance" ? 1f : 0f)),
            document.RootElement.EnumerateArray().Select(row => (row.GetProperty("id").GetInt32(), row.GetProperty("path").GetString()!, row.GetProperty("scale").GetSingle())));
        Assert.All(document.RootElement.EnumerateArray(), row => Assert.Equal(["id", "path", "scale"], row.EnumerateObject().Select(field => field.Name)));
        await server.PostJsonAsync("/lora-adapters", "[{\"id\":0,\"scale\":1}]", HttpStatusCode.MethodNotAllowed);
    }
}
