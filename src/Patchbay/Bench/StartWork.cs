using System.Diagnostics;
using System.Globalization;
using Patchbay.Engine;
using Patchbay.Machine;

namespace Patchbay.Bench;

/// <summary>Starts this program's server as a process of its own: how long until it is ready, and how much memory it holds.</summary>
/// <param name="engine">The engine's options, handed over as arguments.</param>
/// <param name="options">What is measured.</param>
/// <param name="book">Where samples go.</param>
internal sealed class StartWork(EngineOptions engine, BenchOptions options, SampleBook book)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <exception cref="InvalidDataException">The server ended before it was ready.</exception>
    public async Task RunAsync()
    {
        for (var round = 0; round < options.Rounds; round++)
        {
            var nothing = Directory.CreateTempSubdirectory("patchbay-bench-");
            try
            {
                await StartAsync(nothing.FullName, round == 0, round == options.Rounds - 1);
            }
            finally
            {
                nothing.Delete();
            }
        }
    }

    private async Task StartAsync(string noAdapters, bool isFirst, bool isLast)
    {
        var started = TimeProvider.System.GetTimestamp();
        using var process = Process.Start(Command(noAdapters)) ?? throw new InvalidDataException("The server's process did not start.");
        try
        {
            var address = await ReadAddressAsync(process).WaitAsync(Patience);
            // The first start reads the files from disk and may pack weights; it is a figure of its own.
            book.Add(isFirst ? "first start to ready" : "start to ready", "ms", TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
            // What a server holds that found its packed weights on disk.
            if (isLast)
            {
                AddMemory(process, "when ready");
                await ServeAsync(address);
                AddMemory(process, $"after {options.Requests} requests");
            }
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private ProcessStartInfo Command(string noAdapters)
    {
        var program = Environment.ProcessPath!;
        // Under the dotnet host, the program is the host's first argument.
        string[] prefix = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];
        List<string> arguments =
        [
            .. prefix, "serve", "--port", "0", "--model", engine.ModelPath, "--adapters", noAdapters,
            "--weights", engine.Weights.ToString(), "--threads", Text(engine.ThreadCount), "--context", Text(engine.ContextLength), "--max-batch-tokens", Text(engine.MaxBatchTokens),
        ];
        if (engine.KvCacheBytes > 0)
        {
            arguments.AddRange(["--kv-memory", Text(engine.KvCacheBytes)]);
        }
        return new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };

        static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
    }

    private static async Task<Uri> ReadAddressAsync(Process process)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.TrimStart().StartsWith("API ", StringComparison.Ordinal))
            {
                return new Uri(new Uri(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]), "/");
            }
        }
        throw new InvalidDataException("The server ended before it was ready.");
    }

    private async Task ServeAsync(Uri address)
    {
        using var client = new CompletionsClient(new CompletionsTarget(address, null, [], []));
        // Every vocabulary has these.
        var prompts = new PromptMaker(256);
        await Task.WhenAll(Enumerable.Range(0, options.Requests).Select(_ => client.StreamAsync(prompts.Next(options.PromptTokens), options.NewTokens, null)));
    }

    private void AddMemory(Process process, string when)
    {
        process.Refresh();
        var status = $"/proc/{process.Id}/status";
        book.Add($"resident memory {when}", "MB", process.WorkingSet64 / 1e6);
        if (LinuxFiles.FindBytes(status, "RssAnon") is { } own)
        {
            book.Add($"of it not mapped from files, {when}", "MB", own / 1e6);
        }
    }
}
