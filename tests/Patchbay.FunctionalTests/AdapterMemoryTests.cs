using System.Net;
using System.Text;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>Servers with a budget, with a data directory and with a watched folder.</summary>
public sealed class AdapterMemoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("patchbay-memory-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Six adapters of 0.5 to 1 MB take turns in 1 MiB: everyone is answered, and the budget holds.</summary>
    [Fact]
    public async Task BudgetForTwo_SixAdapters_AllAnswerAndTheBudgetHolds()
    {
        await using var server = await ServeAsync(DemoAdapters, "--adapter-memory", "1MiB", "--lazy");
        using var client = new HttpClient { BaseAddress = server.Address };
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async worker =>
        {
            for (var i = 0; i < 12; i++)
            {
                var name = Golden.Adapters[(worker + i) % Golden.Adapters.Length];
                var (question, answer) = Golden.Of(name)[0];
                Assert.Equal(answer, await AskAsync(client, name, question));
                var memory = (await GetAsync(client, "/admin/adapters")).GetProperty("memory");
                Assert.Equal(1 << 20, memory.GetProperty("budget_bytes").GetInt64());
                Assert.InRange(memory.GetProperty("ready_bytes").GetInt64(), 0, 1 << 20);
            }
        }));
    }

    [Fact]
    public async Task LargerThanTheBudget_RequestAndUpload_Are507()
    {
        await using var server = await ServeAsync(DemoAdapters, "--adapter-memory", "100KiB", "--lazy");
        using var client = new HttpClient { BaseAddress = server.Address };
        using var body = new StringContent(DemoServer.Ask("medical", "Hello"), Encoding.UTF8, "application/json");
        using var asked = await client.PostAsync("/v1/chat/completions", body);
        Assert.Equal(HttpStatusCode.InsufficientStorage, asked.StatusCode);
        using var files = AdapterFiles.Tar(AdapterFiles.Folder("medical"));
        using var pushed = await client.PutAsync("/admin/adapters/pushed", files);
        Assert.Equal(HttpStatusCode.InsufficientStorage, pushed.StatusCode);
        Assert.Contains("no_room", await pushed.Content.ReadAsStringAsync());
        Assert.Equal(Golden.Of("base")[0].Answer, await AskAsync(client, "base", Golden.Of("base")[0].Question));
    }

    /// <summary>A server that was killed comes back with names, generations, versions, pins, priorities and default as they were.</summary>
    [Fact]
    public async Task KilledServer_Restart_RestoresEverything()
    {
        var data = Path.Combine(_folder, "data");
        var adapters = Path.Combine(_folder, "adapters");
        AdapterFiles.Copy("finance", Path.Combine(adapters, "finance"));
        AdapterFiles.Copy("pirate", Path.Combine(adapters, "pirate"));
        string before;
        await using (var server = await ServeAsync(adapters, "--data", data))
        {
            using var client = new HttpClient { BaseAddress = server.Address };
            foreach (var name in (string[])["medical", "medical-v2"])
            {
                using var files = AdapterFiles.Tar(AdapterFiles.Folder(name));
                using var put = await client.PutAsync("/admin/adapters/desk", files);
                Assert.Equal(HttpStatusCode.Created, put.StatusCode);
            }
            await PostAsync(client, "/admin/adapters/desk/rollback", "{}");
            using var patch = new StringContent("{\"pinned\":true,\"priority\":\"high\"}", Encoding.UTF8, "application/json");
            (await client.PatchAsync("/admin/adapters/finance", patch)).EnsureSuccessStatusCode();
            (await client.DeleteAsync("/admin/adapters/pirate")).EnsureSuccessStatusCode();
            await PostAsync(client, "/switch-lora", "{\"adapter_name\":\"desk\"}");
            before = await StateAsync(client);
        }
        await using (var server = await ServeAsync(adapters, "--data", data))
        {
            using var client = new HttpClient { BaseAddress = server.Address };
            Assert.Equal(before, await StateAsync(client));
            Assert.DoesNotContain("pirate", before);
            Assert.Equal(Golden.MedicalReleases[0].First, await AskAsync(client, null, Golden.MedicalReleases[0].Question));
            Assert.True((await PostAsync(client, "/admin/audit/verify", "{}")).GetProperty("valid").GetBoolean());
        }
    }

    [Fact]
    public async Task SecondServerOnOneDataDirectory_IsRefused()
    {
        var data = Path.Combine(_folder, "data");
        await using var server = await ServeAsync(DemoAdapters, "--data", data);
        var (code, _, error) = await PatchbayProcess.RunAsync("", "serve", "--port", "0", "--data", data);
        Assert.Equal(1, code);
        Assert.Contains("Another process", error);
    }

    [Fact]
    public async Task Manifest_NamesRanksAndDefers()
    {
        AdapterFiles.Copy("medical", Path.Combine(_folder, "m-2026"));
        AdapterFiles.Copy("finance", Path.Combine(_folder, "finance"));
        File.WriteAllText(Path.Combine(_folder, "adapters.json"), """
            {"adapters": [
              {"name": "doctor", "directory": "m-2026", "priority": "high", "pinned": true},
              {"name": "finance", "load": "lazy"}
            ]}
            """);
        await using var server = await ServeAsync(_folder);
        using var client = new HttpClient { BaseAddress = server.Address };
        var doctor = await GetAsync(client, "/admin/adapters/doctor");
        Assert.Equal(("ready", "high", true), (doctor.GetProperty("tier").GetString(), doctor.GetProperty("priority").GetString(), doctor.GetProperty("pinned").GetBoolean()));
        Assert.Equal("disk", (await GetAsync(client, "/admin/adapters/finance")).GetProperty("tier").GetString());
        var (question, answer) = Golden.Of("finance")[0];
        Assert.Equal(answer, await AskAsync(client, "finance", question));
        Assert.Equal("ready", (await GetAsync(client, "/admin/adapters/finance")).GetProperty("tier").GetString());
    }

    [Fact]
    public async Task BrokenManifest_StartsTheBaseAndSaysWhy()
    {
        AdapterFiles.Copy("medical", Path.Combine(_folder, "medical"));
        File.WriteAllText(Path.Combine(_folder, "adapters.json"), "{\"adapters\":[{\"name\":\"medical\",\"colour\":\"red\"}]}");
        await using var server = await ServeAsync(_folder);
        Assert.Contains("refused: adapters.json: $.adapters[0].colour", server.Output);
    }

    [Fact]
    public async Task WatchedFolder_TakesWhatIsWholeAndKeepsWhatGoes()
    {
        await using var server = await PatchbayProcess.ServeAsync("--model", Path.Combine(Repository.Demo, "base"), "--adapters", _folder);
        using var client = new HttpClient { BaseAddress = server.Address };
        var (question, first, second) = Golden.MedicalReleases[0];

        // Half-copied: the configuration is there, the weights grow; then they stay away for longer than the folder needs to settle.
        var folder = Path.Combine(_folder, "desk");
        Directory.CreateDirectory(folder);
        File.Copy(Path.Combine(AdapterFiles.Folder("medical"), "adapter_config.json"), Path.Combine(folder, "adapter_config.json"));
        var weights = File.ReadAllBytes(Path.Combine(AdapterFiles.Folder("medical"), "adapter_model.safetensors"));
        File.WriteAllBytes(Path.Combine(folder, "adapter_model.safetensors"), weights[..(weights.Length / 2)]);
        await Task.Delay(TimeSpan.FromSeconds(4));
        Assert.DoesNotContain("desk", await client.GetStringAsync("/v1/models"));
        File.WriteAllBytes(Path.Combine(folder, "adapter_model.safetensors"), weights);
        await WaitAsync(async () => (await client.GetStringAsync("/v1/models")).Contains("desk", StringComparison.Ordinal));
        Assert.Equal(first, await AskAsync(client, "desk", question));

        AdapterFiles.Copy("medical-v2", folder);
        await WaitAsync(async () => (await GetAsync(client, "/admin/adapters/desk")).GetProperty("generation").GetInt64() == 2);
        Assert.Equal(second, await AskAsync(client, "desk", question));

        Directory.Delete(folder, recursive: true);
        await WaitAsync(() => Task.FromResult(server.Output.Contains("no folder desk any more", StringComparison.Ordinal)));
        Assert.Equal(second, await AskAsync(client, "desk", question));
    }

    private static string DemoAdapters => Path.Combine(Repository.Demo, "adapters");

    private static Task<PatchbayProcess> ServeAsync(string adapters, params string[] arguments) =>
        PatchbayProcess.ServeAsync(["--model", Path.Combine(Repository.Demo, "base"), "--adapters", adapters, "--no-watch", .. arguments]);

    private static async Task WaitAsync(Func<Task<bool>> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(30), "It did not happen within 30 s.");
            await Task.Delay(100);
        }
    }

    // What must survive: not uses, tiers or milliseconds.
    private static async Task<string> StateAsync(HttpClient client)
    {
        var list = await GetAsync(client, "/admin/adapters");
        var lines = list.GetProperty("data").EnumerateArray().Select(adapter => string.Join(
            ' ',
            new[] { "name", "digest", "generation", "pinned", "priority", "created", "created_by", "is_default" }
                .Select(field => adapter.GetProperty(field).ToString())
                .Concat(adapter.GetProperty("versions").EnumerateArray().Select(version => $"{version.GetProperty("digest")} {version.GetProperty("created")} {version.GetProperty("probe")}"))));
        return string.Join('\n', lines.Append(list.GetProperty("default").ToString()));
    }

    private static async Task<string> AskAsync(HttpClient client, string? model, string question)
    {
        using var body = new StringContent(DemoServer.Ask(model, question), Encoding.UTF8, "application/json");
        using var response = await client.PostAsync("/v1/chat/completions", body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, string path)
    {
        using var document = JsonDocument.Parse(await client.GetStringAsync(path));
        return document.RootElement.Clone();
    }

    private static async Task<JsonElement> PostAsync(HttpClient client, string path, string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(path, body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
