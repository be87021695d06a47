using System.Net;
using System.Text;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>Versions over HTTP: uploaded, released, rolled back, loaded, unloaded, ranked and removed.</summary>
public sealed class AdminAdaptersTests(DemoServer server) : IClassFixture<DemoServer>
{
    private static readonly (string Question, string First, string Second) Pair = Golden.MedicalReleases[0];

    [Fact]
    public async Task Upload_AnswersAtOnceAndTheSameBytesAgainCostNothing()
    {
        var first = await PutAsync("up?reason=because", AdapterFiles.Multipart(AdapterFiles.Folder("medical")), HttpStatusCode.Created);
        Assert.Equal((1, true, true), (Long(first, "generation"), Flag(first, "released"), Flag(first, "is_new")));
        Assert.Equal("sanity", first.GetProperty("probe").GetProperty("outcome").GetString());
        Assert.Equal(Pair.First, (await server.AskAsync("up", Pair.Question)).Answer);

        var again = await PutAsync("up", AdapterFiles.Tar(AdapterFiles.Folder("medical")), HttpStatusCode.OK);
        Assert.Equal((1, false), (Long(again, "generation"), Flag(again, "is_new")));
        Assert.Equal(Text(first, "digest"), Text(again, "digest"));

        var second = await PutAsync("up?expected_generation=1", AdapterFiles.Tar(AdapterFiles.Folder("medical-v2")), HttpStatusCode.Created);
        Assert.Equal((2, Text(first, "digest")), (Long(second, "generation"), Text(second, "previous_digest")));
        var (answer, response) = await server.AskAsync("up", Pair.Question);
        Assert.Equal((Pair.Second, Text(second, "digest")), (answer, Assert.Single(response.Headers.GetValues("x-adapter-digest"))));

        // The version before is kept and can be asked by its digest alone.
        foreach (var model in new[] { $"up@{Text(first, "digest")![..20]}", $"base:up@{Text(first, "digest")}" })
        {
            Assert.Equal(Pair.First, (await server.AskAsync(model, Pair.Question)).Answer);
        }
    }

    [Fact]
    public async Task ReleaseAndRollback_MoveTheNameAndWriteHistory()
    {
        var first = await PutAsync("moving", AdapterFiles.Multipart(AdapterFiles.Folder("medical")), HttpStatusCode.Created);
        var kept = await PutAsync("moving?release=false", AdapterFiles.Multipart(AdapterFiles.Folder("medical-v2")), HttpStatusCode.Created);
        Assert.False(Flag(kept, "released"));
        Assert.Equal(Pair.First, (await server.AskAsync("moving", Pair.Question)).Answer);

        var released = await server.PostJsonAsync("/admin/adapters/moving/release", $"{{\"digest\":\"{Text(kept, "digest")![7..19]}\",\"expected_generation\":1,\"reason\":\"better\"}}");
        Assert.Equal((2, Text(first, "digest")), (Long(released, "generation"), Text(released, "previous_digest")));
        Assert.Equal(Pair.Second, (await server.AskAsync("moving", Pair.Question)).Answer);

        var back = await server.PostJsonAsync("/admin/adapters/moving/rollback", "{\"reason\":\"worse\"}");
        Assert.Equal((3, Text(first, "digest")), (Long(back, "generation"), Text(back, "digest")));
        Assert.Equal(Pair.First, (await server.AskAsync("moving", Pair.Question)).Answer);
        await ProblemAsync(HttpMethod.Post, "/admin/adapters/moving/rollback", "{}", 409, "nothing_before");

        var history = (await GetAsync("/admin/adapters/moving/history")).GetProperty("data").EnumerateArray().ToArray();
        Assert.Equal(["adapter.rollback", "adapter.release", "adapter.upload", "adapter.upload"], history.Select(entry => Text(entry, "action")));
        Assert.Equal(("worse", "local"), (Text(history[0], "reason"), Text(history[0], "actor")));
        Assert.Equal((Text(kept, "digest"), Text(first, "digest")), (Text(history[0], "from"), Text(history[0], "to")));
        Assert.True(Flag(await server.PostJsonAsync("/admin/audit/verify", "{}"), "valid"));
    }

    [Fact]
    public async Task StaleGeneration_Is409WithTheTrueOneAndChangesNothing()
    {
        await PutAsync("stale", AdapterFiles.Multipart(AdapterFiles.Folder("medical")), HttpStatusCode.Created);
        foreach (var expected in new[] { 0, 7 })
        {
            using var body = AdapterFiles.Multipart(AdapterFiles.Folder("medical-v2"));
            using var response = await server.Client.PutAsync($"/admin/adapters/stale?expected_generation={expected}", body);
            Assert.Equal((409, "generation_mismatch", 1L), await ReadProblemAsync(response));
        }
        Assert.Equal(Pair.First, (await server.AskAsync("stale", Pair.Question)).Answer);
    }

    [Fact]
    public async Task UnloadAndLoad_MoveTheTierAndNothingElse()
    {
        await PutAsync("tiers", AdapterFiles.Multipart(AdapterFiles.Folder("medical")), HttpStatusCode.Created);
        Assert.Equal("ready", Text(await GetAsync("/admin/adapters/tiers"), "tier"));
        // The demo's adapter has the same files and so the same version; it shares this one's memory.
        await server.PostJsonAsync("/admin/adapters/tiers/unload", "{}");
        Assert.Equal("disk", Text(await GetAsync("/admin/adapters/tiers"), "tier"));
        Assert.Equal("disk", Text(await GetAsync("/admin/adapters/medical"), "tier"));

        var loaded = await server.PostJsonAsync("/admin/adapters/tiers/load?wait=true", "{}");
        Assert.Equal("ready", Text(loaded, "tier"));
        Assert.True(loaded.GetProperty("load_ms").GetDouble() > 0);
        await server.PostJsonAsync("/admin/adapters/tiers/unload", "{}");
        await server.PostJsonAsync("/admin/adapters/tiers/load", "{}", HttpStatusCode.Accepted);
        // And without being asked to, by the first request.
        await server.PostJsonAsync("/admin/adapters/tiers/unload", "{}");
        Assert.Equal(Pair.First, (await server.AskAsync("tiers", Pair.Question)).Answer);
        Assert.Equal("ready", Text(await GetAsync("/admin/adapters/tiers"), "tier"));
    }

    [Fact]
    public async Task LeasedVersion_Unload_WaitsForTheRunningAnswer()
    {
        await PutAsync("leased", AdapterFiles.Multipart(AdapterFiles.Folder("medical-v2")), HttpStatusCode.Created);
        using var running = await server.StreamAsync("leased", Pair.Question);
        await running.ReadSomeAsync();

        await server.PostJsonAsync("/admin/adapters/leased/unload", "{}");

        Assert.Equal(Pair.Second, await running.ReadAllAsync());
        await server.WaitUntilIdleAsync(TimeSpan.FromSeconds(5));
        await WaitForTierAsync("leased", "disk");
    }

    [Fact]
    public async Task PinAndPriority_AreKeptAndListed()
    {
        await PutAsync("ranked", AdapterFiles.Multipart(AdapterFiles.Folder("finance")), HttpStatusCode.Created);
        using var body = new StringContent("{\"pinned\":true,\"priority\":\"critical\"}", Encoding.UTF8, "application/json");
        using var response = await server.Client.PatchAsync("/admin/adapters/ranked", body);
        var changed = await ReadAsync(response, HttpStatusCode.OK);
        Assert.Equal((true, "critical"), (Flag(changed, "pinned"), Text(changed, "priority")));

        var listed = (await GetAsync("/admin/adapters")).GetProperty("data").EnumerateArray().Single(adapter => Text(adapter, "name") == "ranked");
        Assert.Equal((true, "critical", "rsLoRA"), (Flag(listed, "pinned"), Text(listed, "priority"), Text(listed, "kind")));
        await ProblemAsync(HttpMethod.Patch, "/admin/adapters/ranked", "{\"priority\":\"top\"}", 400, "invalid_value");
        await ProblemAsync(HttpMethod.Patch, "/admin/adapters/ranked", "{}", 400, "missing_required_parameter");
        await ProblemAsync(HttpMethod.Patch, "/admin/adapters/nobody", "{\"pinned\":true}", 404, "adapter_not_found");
    }

    [Fact]
    public async Task AdapterOfTheDefault_Delete_IsRefused()
    {
        await PutAsync("standard", AdapterFiles.Multipart(AdapterFiles.Folder("pirate")), HttpStatusCode.Created);
        await server.PostJsonAsync("/switch-lora", "{\"adapter_name\":\"standard\"}");
        await ProblemAsync(HttpMethod.Delete, "/admin/adapters/standard", null, 409, "answers_default");
        Assert.Equal("standard", Text((await GetAsync("/admin/adapters")).GetProperty("default"), "name"));
        await server.PostJsonAsync("/switch-lora", "{\"adapter_name\":null}");
        var switches = (await GetAsync("/admin/audit?action=default.switch&limit=2")).GetProperty("data").EnumerateArray().ToArray();
        Assert.Equal(["base", "standard"], switches.Select(entry => Text(entry, "target")));
    }

    [Theory]
    [InlineData("a%2Fb")]
    [InlineData("%D0%BCedical")]
    [InlineData("base")]
    [InlineData(".hidden")]
    [InlineData("a%00b")]
    public async Task HostileName_Upload_Is400(string name)
    {
        using var body = AdapterFiles.Multipart(AdapterFiles.Folder("medical"));
        using var response = await server.Client.PutAsync($"/admin/adapters/{name}", body);
        Assert.Contains(response.StatusCode, new[] { HttpStatusCode.BadRequest, HttpStatusCode.NotFound });
    }

    [Fact]
    public async Task BrokenUploads_SayWhatIsWrongAndLeaveTheOldVersionServing()
    {
        await PutAsync("solid", AdapterFiles.Multipart(AdapterFiles.Folder("medical")), HttpStatusCode.Created);
        var config = Encoding.UTF8.GetBytes("{\"peft_type\":\"LORA\",\"r\":8,\"use_qalora\":true,\"target_modules\":[\"q_proj\"]}");
        var weights = File.ReadAllBytes(Path.Combine(AdapterFiles.Folder("medical"), "adapter_model.safetensors"));
        (HttpContent Body, int Status, string Code)[] uploads =
        [
            (Parts(("adapter_config.json", config)), 422, "adapter_refused"),
            (Parts(("adapter_config.json", config), ("adapter_model.safetensors", weights)), 422, "adapter_refused"),
            (Parts(("../adapter_config.json", config)), 422, "adapter_refused"),
            (Parts(("/etc/passwd", config)), 422, "adapter_refused"),
            (Parts(("adapter_model.safetensors", weights[..1000]), ("adapter_config.json", config)), 422, "adapter_refused"),
            (new ByteArrayContent([1, 2, 3]) { Headers = { { "content-type", "application/x-tar" } } }, 422, "adapter_refused"),
            (new ByteArrayContent([1, 2, 3]) { Headers = { { "content-type", "multipart/form-data; boundary=x" } } }, 422, "adapter_refused"),
            (new ByteArrayContent([1, 2, 3]) { Headers = { { "content-type", "multipart/form-data" } } }, 400, "invalid_multipart"),
            (new StringContent("{}", Encoding.UTF8, "application/json"), 415, "unsupported_media_type"),
        ];
        foreach (var (body, status, code) in uploads)
        {
            using (body)
            {
                using var response = await server.Client.PutAsync("/admin/adapters/solid", body);
                var (actual, actualCode, _) = await ReadProblemAsync(response);
                Assert.Equal((status, code), (actual, actualCode));
            }
        }
        var solid = await GetAsync("/admin/adapters/solid");
        Assert.Equal(1, Long(solid, "generation"));
        Assert.Single(solid.GetProperty("versions").EnumerateArray());
        Assert.Equal(Pair.First, (await server.AskAsync("solid", Pair.Question)).Answer);
    }

    [Fact]
    public async Task FiftyBrokenUploads_DuringGoodTraffic_BreakNoAnswer()
    {
        await PutAsync("traffic", AdapterFiles.Multipart(AdapterFiles.Folder("medical")), HttpStatusCode.Created);
        using var stop = new CancellationTokenSource();
        var answers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var count = 0;
            while (!stop.IsCancellationRequested)
            {
                Assert.Equal(Pair.First, (await server.AskAsync("traffic", Pair.Question)).Answer);
                count++;
            }
            return count;
        })).ToArray();
        var random = new Random(50);
        var weights = File.ReadAllBytes(Path.Combine(AdapterFiles.Folder("medical-v2"), "adapter_model.safetensors"));
        var config = File.ReadAllBytes(Path.Combine(AdapterFiles.Folder("medical-v2"), "adapter_config.json"));
        for (var i = 0; i < 50; i++)
        {
            // Cut, or with a damaged header, or with a number that is none.
            byte[] broken = [.. weights];
            broken = (i % 3) switch
            {
                0 => broken[..random.Next(1, broken.Length)],
                1 => Damage(broken, random.Next(8, 200), 0xff),
                _ => DamageValue(broken),
            };
            using var body = Parts(("adapter_config.json", config), ("adapter_model.safetensors", broken));
            using var response = await server.Client.PutAsync("/admin/adapters/traffic", body);
            Assert.Equal(422, (await ReadProblemAsync(response)).Status);
        }
        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(answers), count => Assert.True(count > 0));
    }

    [Fact]
    public async Task WrongMethodAndUnknownAddress_AreProblemDocuments()
    {
        await ProblemAsync(HttpMethod.Post, "/admin/adapters/x", "{}", 405, "method_not_allowed");
        await ProblemAsync(HttpMethod.Get, "/admin/nothing", null, 404, "unknown_url");
        await ProblemAsync(HttpMethod.Get, "/admin/adapters/nobody", null, 404, "adapter_not_found");
        await ProblemAsync(HttpMethod.Get, "/admin/audit?limit=0", null, 400, "invalid_value");
        await ProblemAsync(HttpMethod.Get, "/admin/audit?before=x", null, 400, "invalid_value");
        await ProblemAsync(HttpMethod.Post, "/admin/adapters/medical/release", "{\"digest\":\"sha256:00000000\"}", 404, "version_not_found");
        await ProblemAsync(HttpMethod.Post, "/admin/adapters/medical/release", "{}", 400, "missing_required_parameter");
        await ProblemAsync(HttpMethod.Put, "/admin/adapters/x?release=maybe", "{}", 400, "invalid_value");
    }

    private static byte[] Damage(byte[] bytes, int at, byte value)
    {
        bytes[at] = value;
        return bytes;
    }

    // The last value of the last tensor becomes a NaN in half precision and in bfloat16.
    private static byte[] DamageValue(byte[] bytes)
    {
        bytes[^1] = 0x7f;
        bytes[^2] = 0xff;
        return bytes;
    }

    private static MultipartFormDataContent Parts(params (string Name, byte[] Bytes)[] files)
    {
        var content = new MultipartFormDataContent();
        foreach (var (name, bytes) in files)
        {
            content.Add(new ByteArrayContent(bytes), "file", name);
        }
        return content;
    }

    private async Task WaitForTierAsync(string name, string tier)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (Text(await GetAsync($"/admin/adapters/{name}"), "tier") != tier)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(10));
            await Task.Delay(20);
        }
    }

    private async Task<JsonElement> PutAsync(string address, HttpContent body, HttpStatusCode expected)
    {
        using (body)
        {
            using var response = await server.Client.PutAsync($"/admin/adapters/{address}", body);
            return await ReadAsync(response, expected);
        }
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using var response = await server.Client.GetAsync(path);
        return await ReadAsync(response, HttpStatusCode.OK);
    }

    private async Task ProblemAsync(HttpMethod method, string path, string? body, int status, string code)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await server.Client.SendAsync(request);
        var (actual, actualCode, _) = await ReadProblemAsync(response);
        Assert.Equal((status, code), (actual, actualCode));
    }

    private async Task<(int Status, string Code, long Generation)> ReadProblemAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.Content.Headers.ContentType?.MediaType == "application/problem+json", text);
        Assert.DoesNotContain(server.Adapters, text);
        Assert.DoesNotContain(Path.GetTempPath(), text);
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        Assert.Equal((int)response.StatusCode, root.GetProperty("status").GetInt32());
        Assert.NotEqual("", root.GetProperty("detail").GetString());
        return ((int)response.StatusCode, root.GetProperty("code").GetString()!, root.TryGetProperty("generation", out var generation) ? generation.GetInt64() : -1);
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response, HttpStatusCode expected)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(expected == response.StatusCode, $"{response.StatusCode} {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private static long Long(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    private static bool Flag(JsonElement element, string name) => element.GetProperty(name).GetBoolean();
}
