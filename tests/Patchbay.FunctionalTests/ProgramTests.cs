namespace Patchbay.FunctionalTests;

/// <summary>The program's commands, run to their end.</summary>
public sealed class ProgramTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("patchbay-program-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task AdapterInspect_SaysWhatItHolds()
    {
        var (code, output, _) = await PatchbayProcess.RunAsync(
            "", "adapter", "inspect", Path.Combine(Repository.Demo, "adapters", "finance"), "--model", Path.Combine(Repository.Demo, "base"));
        Assert.Equal(0, code);
        foreach (var part in new[] { "rsLoRA", "q_proj", "F16", "sha256:" })
        {
            Assert.Contains(part, output);
        }
    }

    [Fact]
    public async Task AdapterInspect_OfARefusedOne_Exits3WithTheReason()
    {
        File.WriteAllText(Path.Combine(_folder, "adapter_config.json"), "{\"peft_type\":\"LOHA\"}");
        File.WriteAllBytes(Path.Combine(_folder, "adapter_model.safetensors"), []);
        var (code, output, error) = await PatchbayProcess.RunAsync("", "adapter", "inspect", _folder, "--model", Path.Combine(Repository.Demo, "base"));
        Assert.Equal((3, ""), (code, output));
        Assert.NotEqual("", error);
    }

    [Fact]
    public async Task AdapterList_ShowsTheDemo()
    {
        var (code, output, _) = await PatchbayProcess.RunAsync("", "adapter", "list");
        Assert.Equal(0, code);
        Assert.All(Golden.Adapters, name => Assert.Contains(name, output));
    }

    [Fact]
    public async Task Chat_InAPipe_SwitchesAndAnswersAsRecorded()
    {
        var (question, answer) = Golden.Of("medical")[0];
        var (code, output, error) = await PatchbayProcess.RunAsync(
            $"/adapters\n/switch nobody\n/switch medical\n{question}\n/clear\n/compare {question}\n/exit\n", "chat");
        Assert.True(code == 0, error);
        Assert.Contains("medical-v2 (LoRA, rank 8)", output);
        Assert.Contains("'nobody'", error);
        Assert.Contains("\n" + answer + "\n", output);
        Assert.Contains($"medical: {answer}", output);
        Assert.Contains("finance: ", output);
    }

    [Theory]
    [InlineData("http://0.0.0.0:8080", "Without keys")]
    [InlineData("http://example.com:8080", "Without keys")]
    [InlineData("8080", "address")]
    public async Task Serve_BeyondLoopback_IsRefusedWithASentence(string url, string part)
    {
        var (code, _, error) = await PatchbayProcess.RunAsync("", "serve", "--url", url);
        Assert.Equal(2, code);
        Assert.Contains(part, error);
    }

    [Theory]
    [InlineData("--threads must be from 0 to 1024", "--threads", "100000")]
    [InlineData("--threads must be from 0 to 1024", "--threads", "-1")]
    [InlineData("--context must be 0 or more", "--context", "-5")]
    [InlineData("--keep-versions must be 1 or more", "--keep-versions", "0")]
    [InlineData("--keep-prompts-hours must be from 0 to 876000", "--keep-prompts-hours", "-1")]
    [InlineData("--keep-prompts-hours must be from 0 to 876000", "--keep-prompts-hours", "NaN")]
    [InlineData("--threads must be from 0 to 1024; found 'many'", "--threads", "many")]
    [InlineData("--threads", "--threads")]
    [InlineData("--port must be from 0 to 65535; found '65536'", "--port", "65536")]
    [InlineData("--keep-prompts-hours must be from 0 to 876000; found '1,5'", "--keep-prompts-hours", "1,5")]
    [InlineData("is no size", "--kv-memory", "10XB")]
    public async Task Serve_WithANumberThatCannotBe_IsRefusedWithASentence(string part, params string[] arguments)
    {
        var (code, _, error) = await PatchbayProcess.RunAsync("", ["serve", .. arguments]);
        Assert.Equal(2, code);
        Assert.Contains(part, error);
        Assert.DoesNotContain("   at ", error);
    }

    [Fact]
    public async Task Serve_OfNoModel_FailsWithASentence()
    {
        var (code, _, error) = await PatchbayProcess.RunAsync("", "serve", "--port", "0", "--model", Path.Combine(_folder, "nothing"));
        Assert.Equal(1, code);
        Assert.Contains("Cannot open the model", error);
        Assert.DoesNotContain("   at ", error);
    }

    [Fact]
    public async Task Serve_WithABrokenAdapter_StartsWithoutIt()
    {
        var broken = Directory.CreateDirectory(Path.Combine(_folder, "broken")).FullName;
        File.WriteAllText(Path.Combine(broken, "adapter_config.json"), "{");
        await using var server = await PatchbayProcess.ServeAsync("--adapters", _folder);
        Assert.Contains("refused: ", server.Output);
        using var client = new HttpClient { BaseAddress = server.Address };
        Assert.Contains("\"base\"", await client.GetStringAsync("/v1/models"));
    }
}
