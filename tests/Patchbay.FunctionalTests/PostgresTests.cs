using System.Net;
using System.Text;
using System.Text.Json;
using Patchbay.Control.Tests.Journal;

namespace Patchbay.FunctionalTests;

/// <summary>The real program on a real PostgreSQL server.</summary>
public sealed class PostgresTests(PostgresServer postgres) : IClassFixture<PostgresServer>, IDisposable
{
    private static readonly (string Question, string First, string Second) Pair = Golden.MedicalReleases[0];

    private readonly string _folder = Directory.CreateTempSubdirectory("patchbay-postgres-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Uploads, releases, a switch, pins and priorities; then the server is killed, and comes back with all of it.</summary>
    [Fact]
    public async Task KilledServer_Restart_RestoresEverythingAndTheChainIsValid()
    {
        var database = await postgres.CreateDatabaseAsync();
        string before;
        await using (var server = await ServeAsync(database, "one"))
        {
            using var client = new HttpClient { BaseAddress = server.Address };
            await PutAsync(client, "desk", "medical");
            var second = await PutAsync(client, "desk", "medical-v2", "?release=false");
            await PutAsync(client, "money", "finance");
            Assert.Equal(Pair.First, await AskAsync(client, "desk"));
            await PostAsync(client, "/admin/adapters/desk/release", $"{{\"digest\":\"{second}\"}}");
            await PostAsync(client, "/switch-lora", "{\"adapter_name\":\"desk\"}");
            using var patch = new StringContent("{\"pinned\":true,\"priority\":\"critical\"}", Encoding.UTF8, "application/json");
            (await client.PatchAsync("/admin/adapters/money", patch)).EnsureSuccessStatusCode();
            Assert.Equal(Pair.Second, await AskAsync(client, null));
            before = await StateAsync(client);
        }
        Assert.Contains("critical", before);
        await using (var server = await ServeAsync(database, "one"))
        {
            using var client = new HttpClient { BaseAddress = server.Address };
            Assert.Equal(before, await StateAsync(client));
            Assert.Equal(Pair.Second, await AskAsync(client, null));
            await PostAsync(client, "/admin/adapters/desk/rollback", "{}");
            Assert.Equal(Pair.First, await AskAsync(client, null));
            Assert.True((await PostAsync(client, "/admin/audit/verify", "{}")).GetProperty("valid").GetBoolean());
        }
        var (code, output, error) = await PatchbayProcess.RunAsync("", "audit", "verify", "--postgres", database, "--data", Path.Combine(_folder, "one"));
        Assert.True(code == 0, error);
        Assert.StartsWith("valid: ", output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "one", "control.db")));
        (code, output, _) = await PatchbayProcess.RunAsync("", "audit", "list", "--postgres", database, "--adapter", "desk");
        Assert.Equal((0, 5), (code, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
    }

    /// <summary>What one server changes the other one does within seconds; what it lacks the files of it says.</summary>
    [Fact]
    public async Task TwoServersOnOneDatabase_FollowEachOther()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var first = await ServeAsync(database, "first");
        await using var second = await ServeAsync(database, "second");
        using var one = new HttpClient { BaseAddress = first.Address };
        using var two = new HttpClient { BaseAddress = second.Address };

        // Only the first server has the files; the second one knows the name and says what is missing.
        var digest = await PutAsync(one, "desk", "medical");
        await WaitAsync(async () => (await two.GetStringAsync("/v1/models")).Contains("desk", StringComparison.Ordinal));
        Assert.Equal("remote", (await GetAsync(two, "/admin/adapters/desk")).GetProperty("tier").GetString());
        using (var body = new StringContent(DemoServer.Ask("desk", Pair.Question), Encoding.UTF8, "application/json"))
        {
            using var refused = await two.PostAsync("/v1/chat/completions", body);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Contains("not on this machine", await refused.Content.ReadAsStringAsync());
        }
        Assert.Equal(digest, await PutAsync(two, "desk", "medical"));
        Assert.Equal(Pair.First, await AskAsync(two, "desk"));

        // A version that both have is released by either, and by the generation that both know.
        var next = await PutAsync(two, "desk", "medical-v2", "?release=false");
        await PutAsync(one, "desk", "medical-v2", "?release=false");
        await PostAsync(two, "/admin/adapters/desk/release", $"{{\"digest\":\"{next}\",\"expected_generation\":1}}");
        await WaitAsync(async () => await AskAsync(one, "desk") == Pair.Second);
        using (var patch = new StringContent("{\"pinned\":true,\"priority\":\"high\"}", Encoding.UTF8, "application/json"))
        {
            (await one.PatchAsync("/admin/adapters/desk", patch)).EnsureSuccessStatusCode();
        }
        await WaitAsync(async () => (await GetAsync(two, "/admin/adapters/desk")) is var state && state.GetProperty("pinned").GetBoolean() && state.GetProperty("priority").GetString() == "high");
        await PostAsync(one, "/switch-lora", "{\"adapter_name\":\"desk\"}");
        await WaitAsync(async () => (await GetAsync(two, "/admin/adapters")).GetProperty("default").GetProperty("name").GetString() == "desk");
        Assert.Equal(await StateAsync(one), await StateAsync(two));

        await PostAsync(two, "/switch-lora", "{\"adapter_name\":null}");
        (await two.DeleteAsync("/admin/adapters/desk")).EnsureSuccessStatusCode();
        await WaitAsync(async () => !(await one.GetStringAsync("/v1/models")).Contains("desk", StringComparison.Ordinal));
        await WaitAsync(async () => (await GetAsync(one, "/admin/adapters")).GetProperty("memory").GetProperty("ready_bytes").GetInt64() == 0);
        await WaitAsync(() => Task.FromResult(Directory.GetDirectories(Path.Combine(_folder, "first", "versions")).Length == 0));
        Assert.True((await PostAsync(one, "/admin/audit/verify", "{}")).GetProperty("valid").GetBoolean());
    }

    private Task<PatchbayProcess> ServeAsync(string database, string data) => PatchbayProcess.ServeAsync(
        "--model", Path.Combine(Repository.Demo, "base"), "--adapters", Directory.CreateDirectory(Path.Combine(_folder, "none")).FullName,
        "--data", Path.Combine(_folder, data), "--postgres", database);

    private static async Task WaitAsync(Func<Task<bool>> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(10), "It did not happen within 10 s.");
            await Task.Delay(100);
        }
    }

    private static async Task<string> PutAsync(HttpClient client, string name, string folder, string query = "")
    {
        using var files = AdapterFiles.Multipart(AdapterFiles.Folder(folder));
        using var response = await client.PutAsync($"/admin/adapters/{name}{query}", files);
        return (await ReadAsync(response)).GetProperty("digest").GetString()!;
    }

    private static async Task<string> StateAsync(HttpClient client)
    {
        var list = await GetAsync(client, "/admin/adapters");
        var lines = list.GetProperty("data").EnumerateArray().Select(adapter => string.Join(
            ' ',
            new[] { "name", "digest", "generation", "pinned", "priority", "created", "created_by", "is_default" }
                .Select(field => adapter.GetProperty(field).ToString())
                .Concat(adapter.GetProperty("versions").EnumerateArray().Select(version => $"{version.GetProperty("digest")} {version.GetProperty("created")}"))));
        return string.Join('\n', lines.Append(list.GetProperty("default").ToString()));
    }

    private static async Task<string> AskAsync(HttpClient client, string? model)
    {
        using var body = new StringContent(DemoServer.Ask(model, Pair.Question), Encoding.UTF8, "application/json");
        using var response = await client.PostAsync("/v1/chat/completions", body);
        return (await ReadAsync(response)).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        return await ReadAsync(response);
    }

    private static async Task<JsonElement> PostAsync(HttpClient client, string path, string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(path, body);
        return await ReadAsync(response);
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
