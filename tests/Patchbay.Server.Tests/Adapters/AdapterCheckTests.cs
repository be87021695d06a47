using System.Net;
using Patchbay.Engine;
using Patchbay.Server.Adapters;

namespace Patchbay.Server.Tests.Adapters;

public sealed class AdapterCheckTests : IDisposable
{
    private static readonly AdapterCandidate s_candidate = new(
        "medical", "/nowhere", new AdapterVersion(default, "LoRA", 8, 16, ["q_proj"], 1, "F32", 10, 20, null));

    private readonly string _folder = Directory.CreateTempSubdirectory("patchbay-check-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("exit 0", null)]
    [InlineData("echo \"$1 is not for us\"; exit 1", "medical is not for us")]
    [InlineData("exit 7", "The operator's check program refused the adapter (exit code 7).")]
    [InlineData("sleep 60", "The operator's check program took longer than 1 s.")]
    [InlineData("head -c 1000000 /dev/zero | tr '\\0' x; exit 0", null)]
    public async Task Program_Decides(string script, string? expected)
    {
        Assert.Equal(expected, await new ProcessCheck(Program(script), TimeSpan.FromSeconds(expected?.Contains("longer", StringComparison.Ordinal) == true ? 1 : 20)).FindProblemAsync(s_candidate, default));
    }

    [Fact]
    public async Task MissingProgram_Refuses() =>
        Assert.NotNull(await new ProcessCheck(Path.Combine(_folder, "nothing"), TimeSpan.FromSeconds(5)).FindProblemAsync(s_candidate, default));

    [Theory]
    [InlineData(204, "", null)]
    [InlineData(422, "wrong licence", "wrong licence")]
    [InlineData(500, "", "The operator's check service refused the adapter (status 500).")]
    public async Task Service_Decides(int status, string answer, string? expected)
    {
        using var listener = new HttpListener();
        var port = Random.Next(20_000, 60_000);
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        var answering = Task.Run(async () =>
        {
            var context = await listener.GetContextAsync();
            using var reader = new StreamReader(context.Request.InputStream);
            var asked = await reader.ReadToEndAsync();
            context.Response.StatusCode = status;
            await context.Response.OutputStream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(answer));
            context.Response.Close();
            return asked;
        });

        using var check = new HttpCheck(new Uri($"http://127.0.0.1:{port}/"), TimeSpan.FromSeconds(20));

        Assert.Equal(expected, await check.FindProblemAsync(s_candidate, default));
        Assert.Contains("\"name\":\"medical\"", await answering, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NobodyThere_Refuses()
    {
        using var check = new HttpCheck(new Uri("http://127.0.0.1:1/"), TimeSpan.FromSeconds(5));
        Assert.NotNull(await check.FindProblemAsync(s_candidate, default));
    }

    private static Random Random { get; } = new(Environment.ProcessId);

    private string Program(string script)
    {
        var path = Path.Combine(_folder, "check.sh");
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        }
        return path;
    }
}
