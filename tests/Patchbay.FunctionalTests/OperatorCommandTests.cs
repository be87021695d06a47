using System.Net.Http.Json;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>The commands that look: audit, replay, top; and the one that binds an adapter to its base.</summary>
public sealed class OperatorCommandTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("patchbay-operator-").FullName;
    private PatchbayProcess? _process;

    private string Data => Path.Combine(_folder, "data");

    private string Url => _process!.Address.ToString();

    public async ValueTask InitializeAsync() => _process = await ServeAsync("--data", Data, "--keep-prompts-hours", "1");

    public async ValueTask DisposeAsync()
    {
        await _process!.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Audit_ListsAndVerifiesBesideARunningServer_AndFindsWhatWasChanged()
    {
        await RunAsync(0, "adapter", "push", AdapterFiles.Folder("medical"), "--name", "desk", "--url", Url, "--reason", "first\u001b[2J");
        await RunAsync(0, "adapter", "push", AdapterFiles.Folder("medical-v2"), "--name", "desk", "--url", Url);
        await RunAsync(0, "adapter", "push", AdapterFiles.Folder("finance"), "--name", "money", "--url", Url);

        var (output, _) = await RunAsync(0, "audit", "list", "--data", Data);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["3", "2", "1"], lines.Select(line => line.Split(' ')[0]));
        Assert.Contains("adapter.upload  money", lines[0]);
        Assert.Matches("desk  [0-9a-f]+ -> [0-9a-f]+", lines[1]);
        Assert.Contains("first", lines[2]);
        Assert.DoesNotContain('\u001b', output);
        (output, _) = await RunAsync(0, "audit", "list", "--data", Data, "--adapter", "desk", "--limit", "1");
        Assert.StartsWith("2  ", Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        await RunAsync(2, "audit", "list", "--data", Data, "--limit", "0");
        await RunAsync(2, "audit", "list");

        (output, _) = await RunAsync(0, "audit", "verify", "--data", Data);
        Assert.Contains("valid: 3 entries", output);
        var head = output.Split("head ")[1].Trim();
        await RunAsync(0, "audit", "verify", "--data", Data, "--expect-head", head);
        var (_, error) = await RunAsync(3, "audit", "verify", "--data", Data, "--expect-head", new string('0', 64));
        Assert.Contains("another hash than expected", error);
        await RunAsync(2, "audit", "verify", "--data", Data, "--expect-head", "x");
        await RunAsync(2, "audit", "verify");
        await RunAsync(1, "audit", "verify", "--data", Path.Combine(_folder, "nothing"));

        var export = Path.Combine(_folder, "chain.jsonl");
        (output, _) = await RunAsync(0, "audit", "export", export, "--data", Data);
        Assert.Contains($"head {head}", output);
        await RunAsync(0, "audit", "verify", "--file", export);
        File.WriteAllText(export, File.ReadAllText(export).Replace("adapter.upload\",\"actor", "adapter.remove\",\"actor", StringComparison.Ordinal));
        (_, error) = await RunAsync(3, "audit", "verify", "--file", export);
        Assert.StartsWith("entry 1: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_MakesAnAnswerAgain()
    {
        await RunAsync(0, "adapter", "push", AdapterFiles.Folder("medical"), "--name", "desk", "--url", Url);
        using var client = new HttpClient { BaseAddress = _process!.Address };
        using var asked = await client.PostAsJsonAsync(
            "/v1/chat/completions", new { model = "desk", messages = new[] { new { role = "user", content = "What helps against a fever?" } }, max_tokens = 12, temperature = 1.1 });
        var answer = await asked.Content.ReadFromJsonAsync<JsonElement>();
        var id = answer.GetProperty("id").GetString()!;
        for (var attempt = 0; (await client.GetAsync($"/admin/answers/{id}")).StatusCode != System.Net.HttpStatusCode.OK; attempt++)
        {
            Assert.True(attempt < 200, "The answer was not kept.");
            await Task.Delay(20);
        }

        var (output, error) = await RunAsync(0, "replay", id, "--url", Url);
        Assert.Equal(answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), output.TrimEnd('\n'));
        Assert.Contains("bit for bit", error);
        await RunAsync(1, "replay", "chatcmpl-nobody", "--url", Url);
        await RunAsync(2, "replay", id, "--url", Url, "--prompt", Path.Combine(_folder, "nothing.json"));
        var other = Path.Combine(_folder, "other.json");
        File.WriteAllText(other, "{\"messages\":[{\"role\":\"user\",\"content\":\"Something else\"}]}");
        await RunAsync(1, "replay", id, "--url", Url, "--prompt", other);
        await RunAsync(1, "replay", id, "--url", "http://127.0.0.1:1");
    }

    [Fact]
    public async Task Top_IntoAPipe_PrintsOnePictureAndEnds()
    {
        await RunAsync(0, "adapter", "push", AdapterFiles.Folder("medical"), "--name", "desk", "--url", Url);
        var (output, _) = await RunAsync(0, "top", "--url", Url);
        Assert.Equal(1, output.Split('\n').Count(line => line.Contains("desk", StringComparison.Ordinal)));
        Assert.Contains("ready", output);
        Assert.DoesNotContain('\u001b', output);
        var (_, error) = await RunAsync(1, "top", "--url", "http://127.0.0.1:1");
        Assert.Contains("cannot be reached", error);
    }

    [Fact]
    public async Task BoundAdapter_IsTakenByItsBaseAlone_UnlessTheOperatorAllowsMore()
    {
        var (served, other) = (Path.Combine(Repository.Demo, "base"), Path.Combine(Repository.Root, "tests", "fixtures", "families", "llama"));
        var folder = AdapterFiles.Copy("medical", Path.Combine(_folder, "bound"));
        await RunAsync(0, "adapter", "bind", folder, "--model", other);
        var (_, error) = await RunAsync(3, "adapter", "push", folder, "--name", "desk", "--url", Url);
        Assert.Contains("--allow-base-mismatch", error);
        Assert.DoesNotContain(_folder, error);
        await using (var lax = await ServeAsync("--allow-base-mismatch"))
        {
            var (output, warned) = await RunAsync(0, "adapter", "push", folder, "--name", "desk", "--url", lax.Address.ToString());
            Assert.Contains("trained on a base with the digest", output + warned);
        }
        await RunAsync(0, "adapter", "bind", folder, "--model", served);
        await RunAsync(0, "adapter", "push", folder, "--name", "desk", "--url", Url);

        // PEFT's own field for a commit.
        var config = Path.Combine(folder, "adapter_config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"revision\": null", "\"revision\": \"fedcba9876543210\"", StringComparison.Ordinal));
        await RunAsync(0, "adapter", "push", folder, "--name", "desk", "--url", Url);
        await using var strict = await ServeAsync("--base-revision", new string('a', 40));
        (_, error) = await RunAsync(3, "adapter", "push", folder, "--name", "desk", "--url", strict.Address.ToString());
        Assert.Contains("revision fedcba9876543210", error);
        await RunAsync(1, "adapter", "bind", folder, "--model", Path.Combine(_folder, "nothing"));
        await RunAsync(2, "adapter", "bind", Path.Combine(_folder, "nothing"), "--model", served);
    }

    private Task<PatchbayProcess> ServeAsync(params string[] arguments) => PatchbayProcess.ServeAsync(
        ["--model", Path.Combine(Repository.Demo, "base"), "--adapters", Directory.CreateDirectory(Path.Combine(_folder, "none")).FullName, .. arguments]);

    private static async Task<(string Output, string Error)> RunAsync(int expected, params string[] arguments)
    {
        var (code, output, error) = await PatchbayProcess.RunAsync("", arguments);
        Assert.True(code == expected, $"{string.Join(' ', arguments)}: exit code {code}, not {expected}\n{output}\n{error}");
        return (output, error);
    }
}
