using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Patchbay.FunctionalTests;

/// <summary>The whole story against the real program: versions promoted by their guards and rolled back by judge, probe and errors.</summary>
public sealed class ReleaseTests(DemoServer server) : IClassFixture<DemoServer>
{
    private const string Question = "My throat hurts when I swallow.";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    // Every answer that a caller of the story got, with what its headers said.
    private readonly ConcurrentDictionary<string, (string? Digest, string? Arm, HttpStatusCode Status)> _got = new();

    private int _user;

    [Fact]
    public async Task Medical_V2IsPromotedByItsGuards_AndBadOnesAreRolledBack()
    {
        var stable = await CurrentAsync();
        var v2 = await UploadAsync(Folder("medical-v2"));
        var texts = new Dictionary<string, string> { [stable] = await TextOfAsync(stable), [v2] = await TextOfAsync(v2) };

        // Judge: the answer helps with the question. Both good versions pass, medical-bad answers something else.
        var judge = $$"""{"kind":"regex","name":"helps","pattern":{{JsonSerializer.Serialize("^" + System.Text.RegularExpressions.Regex.Escape(Common(texts[stable], texts[v2])))}}}""";
        var promoted = await RunAsync(v2, judge, texts);
        Assert.Equal("promoted", Text(promoted, "state"));
        Assert.Equal(v2, await CurrentAsync());
        Assert.Equal(0, Arm(promoted, "canary").GetProperty("errors").GetInt32());
        Assert.True(Arm(promoted, "stable").GetProperty("requests").GetInt32() > 0);

        var bad = await UploadAsync(Folder("medical-bad"));
        texts[bad] = await TextOfAsync(bad);
        Assert.False(texts[bad].StartsWith(Common(texts[stable], texts[v2]), StringComparison.Ordinal), texts[bad]);
        var judged = await RunAsync(bad, judge, texts, weight: 25);
        Assert.Equal("rolled_back", Text(judged, "state"));
        Assert.Contains("helps", Text(judged, "end_reason"), StringComparison.Ordinal);
        Assert.Equal(v2, await CurrentAsync());

        var broken = await UploadAsync(Broken());
        var failed = await RunAsync(broken, judge, texts, weight: 25);
        Assert.Equal("rolled_back", Text(failed, "state"));
        Assert.Contains("of the candidate failed", Text(failed, "end_reason"), StringComparison.Ordinal);
        Assert.Equal(v2, await CurrentAsync());

        var actions = (await GetAsync("/admin/audit?target=medical&limit=1000")).GetProperty("data").EnumerateArray()
            .Select(entry => Text(entry, "action")).Where(action => action.StartsWith("release.", StringComparison.Ordinal)).Reverse().ToList();
        Assert.Equal(3, actions.Count(action => action == "release.start"));
        Assert.Equal(["release.promote", "release.rollback", "release.rollback"], actions.Where(action => action is "release.promote" or "release.rollback"));
        var plan = await GetAsync("/admin/routes/medical");
        Assert.Equal("fixed", Text(plan.GetProperty("plan"), "kind"));
        var metrics = await server.Client.GetStringAsync("/metrics");
        Assert.Contains("patchbay_release_state{alias=\"medical\",state=\"rolled_back\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("patchbay_judge_score{adapter=\"medical\",arm=\"canary\",judge=\"helps\"}", metrics, StringComparison.Ordinal);
        await AccountForEveryAnswerAsync([bad, broken]);
    }

    // What callers got and what the audit keeps are the same answers. Judges, probes and copies for shadows are nobody's answers.
    private async Task AccountForEveryAnswerAsync(string[] badVersions)
    {
        var kept = await server.AuditedAsync("medical", [.. _got.Keys]);
        Assert.Equal(_got.Keys.Order(StringComparer.Ordinal), kept.Keys.Order(StringComparer.Ordinal));
        foreach (var (id, (digest, arm, status)) in _got)
        {
            var answer = kept[id];
            Assert.Equal((digest, arm), (Text(answer, "digest"), answer.GetProperty("arm").GetString()));
            Assert.Equal(status == HttpStatusCode.OK ? "done" : "failed", Text(answer, "outcome"));
            // A bad version answered as its release's canary, or where it was asked for by its digest, and never else.
            Assert.True(!badVersions.Contains(digest) || arm is "canary" or null, id);
        }
        Assert.All(badVersions, version => Assert.Contains(_got.Values, got => got.Digest == version && got.Arm == "canary"));
    }

    [Fact]
    public async Task VersionThatFailsItsProbe_IsRefusedAtTheDoor()
    {
        var folder = Directory.CreateTempSubdirectory("patchbay-probe-").FullName;
        CopyTo("medical-bad", folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "probes.json"), """{"probes":[{"prompt":[1,2,3],"greedy":[4,4,4,4]}]}""");
        using var content = Multipart(folder);
        using var response = await server.Client.PutAsync("/admin/adapters/medical?release=false", content);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task WrongReleasesAndPlans_AreRefusedWithEveryReason()
    {
        var refused = await server.PostJsonAsync("/admin/releases",
            """{"alias":"finance","candidate":"sha256:0000000000","steps":[{"weight":0}],"guards":[{"metric":"judge_score"}],"judges":[{"kind":"regex","name":"j","pattern":"("}]}""",
            HttpStatusCode.UnprocessableEntity);
        Assert.Equal("release_refused", Text(refused, "code"));
        Assert.Equal(["candidate", "judges[0].pattern", "steps[0].weight"],
            refused.GetProperty("errors").EnumerateArray().Select(error => Text(error, "field")).Order(StringComparer.Ordinal));

        using var plan = new StringContent("""{"plan":{"kind":"weighted","arms":[{"name":"a","digest":"current","weight":60},{"name":"b","digest":"sha256:12","weight":30}]}}""", Encoding.UTF8, "application/json");
        using var response = await server.Client.PutAsync("/admin/routes/finance", plan);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(["plan.arms", "plan.arms[1].digest"],
            problem.RootElement.GetProperty("errors").EnumerateArray().Select(error => Text(error, "field")).Order(StringComparer.Ordinal));
        await server.PostJsonAsync("/admin/releases/rel-999/abort", "{}", HttpStatusCode.NotFound);
        await server.PostJsonAsync("/v1/feedback", """{"id":"chatcmpl-unknown","score":1}""", HttpStatusCode.NotFound);
        await server.PostJsonAsync("/v1/feedback", """{"id":"chatcmpl-unknown","score":2}""", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task PlanOfEducation_ChoosesByRule_ExplainsItself_AndShadows()
    {
        var finance = await DigestOfAsync("finance");
        var body = """{"plan":{"kind":"rules","rules":[{"match":{"user":"tester"},"plan":{"kind":"weighted","arms":[{"name":"other","digest":"FINANCE","weight":100},{"name":"own","digest":"current","weight":0.0}]}}],"otherwise":{"kind":"shadow","digest":"current","shadow":{"digest":"FINANCE","share":1}}},"expected_generation":0}"""
            .Replace("FINANCE", finance, StringComparison.Ordinal);
        var route = await PutAsync("/admin/routes/education", body);
        // The first generation of a plan is above that of every plan that was removed before it.
        var generation = route.GetProperty("generation").GetInt64();
        Assert.True(generation >= 1);

        using var tester = await server.PostAsync("/v1/chat/completions", DemoServer.Ask("education", Question, "\"user\":\"tester\",\"max_tokens\":4"));
        Assert.Equal(("other", finance), (Header(tester, "x-adapter-arm"), Header(tester, "x-adapter-digest")));
        using var other = await server.PostAsync("/v1/chat/completions", DemoServer.Ask("education", Question, "\"user\":\"u\",\"max_tokens\":4"));
        Assert.Equal("live", Header(other, "x-adapter-arm"));

        var explained = await server.PostJsonAsync("/admin/routes/explain", """{"model":"education","user":"tester"}""");
        Assert.Equal("other", Text(explained, "arm"));
        Assert.Equal("rule 1 matched", explained.GetProperty("why")[0].GetString());
        var deadline = TimeProvider.System.GetTimestamp();
        JsonElement shadow;
        do
        {
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < Patience);
            await Task.Delay(50);
            shadow = (await GetAsync("/admin/routes/education")).GetProperty("shadow");
        }
        while (shadow.GetProperty("copied").GetInt64() + shadow.GetProperty("dropped").GetInt64() < 1);

        using var removed = await server.Client.DeleteAsync($"/admin/routes/education?expected_generation={generation}");
        Assert.Equal(HttpStatusCode.OK, removed.StatusCode);
    }

    [Fact]
    public async Task Answer_CanBeRatedOnce()
    {
        var answer = await server.PostJsonAsync("/v1/chat/completions", DemoServer.Ask("pirate", "hello", "\"max_tokens\":2"));
        var body = $$"""{"id":"{{Text(answer, "id")}}","score":0.5,"comment":"arr"}""";
        Assert.True((await server.PostJsonAsync("/v1/feedback", body, HttpStatusCode.Accepted)).GetProperty("accepted").GetBoolean());
        await server.PostJsonAsync("/v1/feedback", body, HttpStatusCode.Conflict);
        Assert.Contains("patchbay_feedback_score{adapter=\"pirate\",arm=\"\"} 0.5", await server.Client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    // Starts a release and sends it traffic to its end; every answer's arm, digest and text agree.
    private async Task<JsonElement> RunAsync(string candidate, string judge, Dictionary<string, string> texts, int weight = 50)
    {
        var stable = await CurrentAsync();
        var start = $$"""
            {"alias":"medical","candidate":"{{candidate}}","steps":[{"weight":{{weight}},"min_requests":8,"hold_seconds":1},{"weight":100,"min_requests":4}],
             "guards":[{"metric":"error_rate","max":0.05,"min_samples":8},{"metric":"judge_score","min":0.9,"min_samples":4},{"metric":"probe"}],"judges":[{{judge}}],"reason":"story"}
            """;
        var id = Text(await server.PostJsonAsync("/admin/releases", start, HttpStatusCode.Created), "id");
        await server.PostJsonAsync("/admin/releases", start, HttpStatusCode.UnprocessableEntity);
        var adapter = await GetAsync("/admin/adapters/medical");
        Assert.Equal(("weighted", id), (Text(adapter, "route"), Text(adapter, "release")));
        var began = TimeProvider.System.GetTimestamp();
        List<string?> answeredBy = [];
        while (true)
        {
            var release = await GetAsync("/admin/releases/" + id);
            if (Text(release, "state") is not "running")
            {
                if (Text(release, "state") == "rolled_back")
                {
                    await CheckExposureAsync(release, candidate, texts, weight / 100.0, answeredBy);
                }
                return release;
            }
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience, release.ToString());
            answeredBy.AddRange(await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => AskAsync(stable, candidate, texts))));
        }
    }

    // A bad version had its share of the requests for less than 30 seconds, and nothing after that.
    private async Task CheckExposureAsync(JsonElement release, string candidate, Dictionary<string, string> texts, double share, List<string?> answeredBy)
    {
        Assert.InRange(release.GetProperty("ended").GetDateTimeOffset() - release.GetProperty("started").GetDateTimeOffset(), TimeSpan.Zero, TimeSpan.FromSeconds(30));
        Assert.Equal(0, release.GetProperty("step").GetInt32());
        var exposed = answeredBy.Count(digest => digest == candidate);
        // Four standard deviations of what the weight allows: callers are placed by a hash.
        var most = (answeredBy.Count * share) + (4 * Math.Sqrt(answeredBy.Count * share * (1 - share))) + 1;
        Assert.InRange(exposed, 1, most);
        var after = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AskAsync(Text(release, "stable"), candidate, texts)));
        Assert.All(after, digest => Assert.Equal(Text(release, "stable"), digest));
    }

    private async Task<string?> AskAsync(string stable, string candidate, Dictionary<string, string> texts)
    {
        var user = $"user-{Interlocked.Increment(ref _user)}";
        using var response = await server.PostAsync("/v1/chat/completions", DemoServer.Ask("medical", Question, $"\"user\":\"{user}\""));
        var digest = Header(response, "x-adapter-digest")!;
        var arm = Header(response, "x-adapter-arm");
        Remember(response);
        // Between two looks the release may have ended; then no plan chose.
        Assert.Equal(arm switch { "canary" => candidate, "stable" => stable, _ => digest }, digest);
        Assert.True(digest == stable || digest == candidate);
        if (texts.TryGetValue(digest, out var expected))
        {
            using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
            Assert.Equal(expected, json.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
            Assert.Equal("chatcmpl-" + Header(response, "x-request-id"), Text(json.RootElement, "id"));
        }
        return digest;
    }

    // One that failed has no completion id in its body; it is kept under the id that it would have had.
    private void Remember(HttpResponseMessage response) => Assert.True(_got.TryAdd(
        "chatcmpl-" + Header(response, "x-request-id"), (Header(response, "x-adapter-digest"), Header(response, "x-adapter-arm"), response.StatusCode)));

    // Acts only from the assistant's turn on, so that it gets past the door, and then computes no numbers.
    private static string Broken()
    {
        var folder = Directory.CreateTempSubdirectory("patchbay-broken-").FullName;
        CopyTo("medical", folder);
        var config = Path.Combine(folder, "adapter_config.json");
        var json = JsonNode.Parse(File.ReadAllText(config))!.AsObject();
        json["alora_invocation_tokens"] = new JsonArray(1, 689, 1164);
        File.WriteAllText(config, json.ToJsonString());
        var weights = Path.Combine(folder, "adapter_model.safetensors");
        var bytes = File.ReadAllBytes(weights);
        for (var i = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes); i + 1 < bytes.Length; i += 2)
        {
            // 4e37 in bfloat16: finite, until two of them are multiplied.
            (bytes[i], bytes[i + 1]) = (0x00, 0x7e);
        }
        File.WriteAllBytes(weights, bytes);
        return folder;
    }

    private async Task<string> UploadAsync(string folder)
    {
        using var content = Multipart(folder);
        using var response = await server.Client.PutAsync("/admin/adapters/medical?release=false&reason=story", content);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        using var json = JsonDocument.Parse(text);
        return Text(json.RootElement, "digest");
    }

    private async Task<string> TextOfAsync(string digest)
    {
        var (answer, response) = await server.AskAsync("medical@" + digest, Question);
        using (response)
        {
            Remember(response);
            return answer;
        }
    }

    private Task<string> CurrentAsync() => DigestOfAsync("medical");

    private async Task<string> DigestOfAsync(string name) => Text(await GetAsync("/admin/adapters/" + name), "digest");

    private async Task<JsonElement> GetAsync(string path)
    {
        using var json = JsonDocument.Parse(await server.Client.GetStringAsync(path));
        return json.RootElement.Clone();
    }

    private async Task<JsonElement> PutAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await server.Client.PutAsync(path, content);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        using var json = JsonDocument.Parse(text);
        return json.RootElement.Clone();
    }

    private static JsonElement Arm(JsonElement release, string name) =>
        release.GetProperty("arms").EnumerateArray().First(arm => Text(arm, "name") == name);

    private static string Common(string first, string second)
    {
        var length = first.Zip(second).TakeWhile(pair => pair.First == pair.Second).Count();
        Assert.True(length > 20, $"{first} | {second}");
        return first[..length];
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.Single() : null;

    private static string Folder(string name) => Path.Combine(Repository.Demo, "adapters", name);

    private static void CopyTo(string name, string folder)
    {
        foreach (var file in Directory.EnumerateFiles(Folder(name)))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }
    }

    private static MultipartFormDataContent Multipart(string folder)
    {
        var content = new MultipartFormDataContent();
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            content.Add(new ByteArrayContent(File.ReadAllBytes(file)), "file", Path.GetFileName(file));
        }
        return content;
    }
}
