namespace Patchbay.FunctionalTests;

/// <summary>The commands that speak to a running server, and recorded probes on their way through the door.</summary>
public sealed class AdapterCommandTests(DemoServer server) : IClassFixture<DemoServer>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("patchbay-push-").FullName;

    private string Url => server.Client.BaseAddress!.ToString();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task PushListReleaseRollback_ChangeTheServer()
    {
        var (question, first, second) = Golden.MedicalReleases[0];
        var (code, output, error) = await RunAsync("push", AdapterFiles.Folder("medical"), "--name", "pushed", "--url", Url, "--reason", "first");
        Assert.True(code == 0, error);
        Assert.Contains("answers, generation 1", output);
        (code, output, error) = await RunAsync("push", AdapterFiles.Folder("medical-v2"), "--name", "pushed", "--url", Url, "--no-release");
        Assert.True(code == 0, error);
        Assert.Contains("kept, not released", output);
        Assert.Equal(first, (await server.AskAsync("pushed", question)).Answer);

        var digest = output.Split("sha256:")[1][..12];
        (code, output, error) = await RunAsync("release", "pushed", digest, "--url", Url);
        Assert.True(code == 0, error);
        Assert.Contains("generation 2", output);
        Assert.Equal(second, (await server.AskAsync("pushed", question)).Answer);
        (code, _, error) = await RunAsync("rollback", "pushed", "--url", Url, "--reason", "worse");
        Assert.True(code == 0, error);
        Assert.Equal(first, (await server.AskAsync("pushed", question)).Answer);

        (code, output, _) = await RunAsync("list", "--url", Url);
        Assert.Equal(0, code);
        Assert.Contains("pushed", output);
        Assert.Contains("ready", output);
        (code, _, error) = await RunAsync("rollback", "nobody", "--url", Url);
        Assert.Equal((1, true), (code, error.Contains("nobody", StringComparison.Ordinal)));
        (code, _, error) = await RunAsync("list", "--url", "http://127.0.0.1:1");
        Assert.Equal((1, true), (code, error.Contains("cannot be reached", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task RecordedProbes_LetThePastInAndNothingElse()
    {
        var model = Path.Combine(Repository.Demo, "base");
        var folder = AdapterFiles.Copy("medical", Path.Combine(_folder, "probed"));
        var (code, output, error) = await RunAsync("probe", folder, "--record", "--model", model, "--prompt", "Hello");
        Assert.True(code == 0, error);
        (code, output, error) = await RunAsync("probe", folder, "--model", model);
        Assert.True(code == 0, error);
        Assert.Contains("1 probes passed", output);
        (code, output, error) = await RunAsync("push", folder, "--url", Url);
        Assert.True(code == 0, error);
        Assert.Contains("probes: passed (1)", output);

        // The weights of another release with the answers of this one.
        File.Copy(Path.Combine(AdapterFiles.Folder("medical-v2"), "adapter_model.safetensors"), Path.Combine(folder, "adapter_model.safetensors"), overwrite: true);
        (code, _, error) = await RunAsync("probe", folder, "--model", model);
        Assert.Equal((3, true), (code, error.Contains("was recorded as", StringComparison.Ordinal)));
        (code, _, error) = await RunAsync("push", folder, "--url", Url);
        Assert.Equal((3, true), (code, error.Contains("probes[0]", StringComparison.Ordinal)));
    }

    private static Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) => PatchbayProcess.RunAsync("", ["adapter", .. arguments]);
}
