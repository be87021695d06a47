using System.Collections.Concurrent;
using System.Diagnostics;

namespace Patchbay.FunctionalTests;

/// <summary>The real program, serving on a free port until it is disposed.</summary>
internal sealed class PatchbayProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    private PatchbayProcess(Process process) => _process = process;

    public Uri Address { get; private set; } = new("http://unknown/");

    /// <summary>Everything it has printed.</summary>
    public string Output => string.Join('\n', _output);

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Starts <c>patchbay serve</c> and waits until it says where it listens.</summary>
    public static Task<PatchbayProcess> ServeAsync(params string[] arguments) => ServeAsync(new Dictionary<string, string?>(), arguments);

    /// <inheritdoc cref="ServeAsync(string[])"/>
    public static async Task<PatchbayProcess> ServeAsync(IReadOnlyDictionary<string, string?> environment, params string[] arguments)
    {
        // What was recorded was recorded with the stored weights.
        string[] weights = arguments.Contains("--weights") ? [] : ["--weights", "native"];
        var server = new PatchbayProcess(Start(["serve", "--port", "0", "--threads", "2", .. weights, .. arguments], environment));
        var ready = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        server._process.OutputDataReceived += (_, line) => server.Read(line.Data, ready);
        server._process.ErrorDataReceived += (_, line) => server.Read(line.Data, ready);
        server._process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"The server ended at its start:\n{server.Output}"));
        server._process.EnableRaisingEvents = true;
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        server.Address = await ready.Task.WaitAsync(TimeSpan.FromSeconds(60));
        return server;
    }

    /// <summary>Runs the program to its end.</summary>
    public static Task<(int Code, string Output, string Error)> RunAsync(string input, params string[] arguments) =>
        RunAsync(input, new Dictionary<string, string?>(), arguments);

    /// <summary>Runs the program to its end with more variables in its environment.</summary>
    public static async Task<(int Code, string Output, string Error)> RunAsync(
        string input, IReadOnlyDictionary<string, string?> environment, string[] arguments)
    {
        using var process = Start(arguments, environment);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(120));
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Asks it to stop, as a service manager does.</summary>
    public void Terminate() => Process.Start("kill", ["-TERM", $"{_process.Id}"]).WaitForExit();

    public async Task<int> WaitForExitAsync(TimeSpan patience)
    {
        await _process.WaitForExitAsync().WaitAsync(patience);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    private static Process Start(string[] arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet", [Repository.Program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }
        return Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
    }

    private void Read(string? line, TaskCompletionSource<Uri> ready)
    {
        if (line is null)
        {
            return;
        }
        _output.Enqueue(line);
        // The curl line is the last of the report.
        if (line.Contains("-d '{", StringComparison.Ordinal))
        {
            var address = _output.First(text => text.TrimStart().StartsWith("API", StringComparison.Ordinal));
            ready.TrySetResult(new Uri(new Uri(address.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]), "/"));
        }
    }
}
