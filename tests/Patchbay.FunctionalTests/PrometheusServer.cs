using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>A real Prometheus with the configuration of this repository, which differs only in where and how often it scrapes.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("patchbay-prometheus-");
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(10) };
    private Process? _process;

    /// <summary>Why it cannot run here; null where it can.</summary>
    public static string? Problem { get; } = Find("prometheus") is not null && Find("promtool") is not null
        ? null
        : "Prometheus is not installed (Debian package prometheus): dashboard and alerts were NOT tested.";

    /// <summary>Starts it; the key is what it sends when it scrapes.</summary>
    public static async Task<PrometheusServer> StartAsync(Uri target, string key)
    {
        var server = new PrometheusServer();
        var deploy = Path.Combine(Repository.Root, "deploy", "prometheus");
        var shipped = await File.ReadAllTextAsync(Path.Combine(deploy, "prometheus.yml"));
        Assert.Contains("127.0.0.1:8080", shipped, StringComparison.Ordinal);
        Assert.Contains("scrape_interval: 15s", shipped, StringComparison.Ordinal);
        var folder = server._folder.FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "prometheus.yml"), shipped
            .Replace("127.0.0.1:8080", target.Authority, StringComparison.Ordinal)
            .Replace("_interval: 15s", "_interval: 500ms", StringComparison.Ordinal));
        await File.WriteAllTextAsync(Path.Combine(folder, "viewer.key"), key);
        File.Copy(Path.Combine(deploy, "alerts.yml"), Path.Combine(folder, "alerts.yml"));
        server._client.BaseAddress = new Uri($"http://127.0.0.1:{FreePort()}");
        server._process = Start(
            "prometheus", $"--config.file={folder}/prometheus.yml", $"--storage.tsdb.path={folder}/data", $"--web.listen-address={server._client.BaseAddress.Authority}",
            "--log.level=error");
        return server;
    }

    /// <summary>Runs promtool on some input; gives its exit code and all it said.</summary>
    public static async Task<(int Code, string Output)> CheckAsync(string input, params string[] arguments)
    {
        using var process = Start("promtool", arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        return (process.ExitCode, await output + await error);
    }

    /// <summary>How many series a query gives; it must succeed.</summary>
    public async Task<int> CountAsync(string query)
    {
        using var form = new FormUrlEncodedContent([new("query", query)]);
        using var response = await _client.PostAsync("/api/v1/query", form);
        if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            throw new HttpRequestException("Prometheus is starting.");
        }
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{query}: {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.GetProperty("data").GetProperty("result").GetArrayLength();
    }

    /// <summary>Name, expression, health and state of each rule, as Prometheus has read it.</summary>
    public async Task<IReadOnlyList<(string Name, string Query, string Health, string State)>> RulesAsync()
    {
        using var document = JsonDocument.Parse(await _client.GetStringAsync("/api/v1/rules"));
        return [.. document.RootElement.GetProperty("data").GetProperty("groups").EnumerateArray()
            .SelectMany(group => group.GetProperty("rules").EnumerateArray())
            .Select(rule => (Text(rule, "name"), Text(rule, "query"), Text(rule, "health"), Text(rule, "state")))];

        static string Text(JsonElement rule, string name) => rule.GetProperty(name).GetString()!;
    }

    /// <summary>Asks until a query gives something.</summary>
    public async Task WaitForAsync(string query)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                if (await CountAsync(query) > 0)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet, or reads its storage.
            }
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30), $"Prometheus never had {query}.");
            await Task.Delay(50);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process?.Dispose();
        _folder.Delete(recursive: true);
    }

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static Process Start(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = Path.GetTempPath(),
    })!;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
