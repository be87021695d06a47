using System.Globalization;
using System.Text.Json;

namespace Patchbay.Bench;

/// <summary>
/// The works that change adapters while others stream: over HTTP on the loopback, because that is where both meet. Each is done
/// with and without the change, in turn.
/// </summary>
/// <param name="client">This program's own server.</param>
/// <param name="prompts">Makes prompts of the model's tokens.</param>
/// <param name="options">What is measured.</param>
/// <param name="book">Where samples go.</param>
/// <param name="adapters">Names to switch between; none leaves that work out.</param>
/// <param name="large">An adapter directory to load; null leaves that work out.</param>
internal sealed class ServerWorks(
    CompletionsClient client, PromptMaker prompts, BenchOptions options, SampleBook book, IReadOnlyList<string> adapters, string? large)
{
    private const int ShortPrompt = 16;
    private const int SwapStreamTokens = 48;
    private const int LoadStreams = 8;
    private const int LoadStreamTokens = 96;
    private const string LoadedName = "bench-loaded";
    private static readonly TimeSpan BetweenSwaps = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan BetweenLoads = TimeSpan.FromMilliseconds(250);

    /// <summary>Lets the JIT compile the server's path.</summary>
    public async Task WarmUpAsync()
    {
        await StreamWhileAsync(2, 4, _ => Task.CompletedTask);
        if (options.Does("swap") && adapters.Count > 0)
        {
            await SwapAsync(adapters[0], record: false);
        }
        if (options.Does("load") && large is not null)
        {
            await LoadAsync(record: false);
        }
    }

    /// <summary>Does every chosen work once.</summary>
    /// <param name="round">Odd rounds turn round the order of what is compared.</param>
    public async Task RunRoundAsync(int round)
    {
        if (options.Does("swap") && adapters.Count > 0)
        {
            var count = 0;
            await CompareAsync(round, $"{options.Streams} streams", "swaps", options.Streams, SwapStreamTokens, async running =>
            {
                do
                {
                    await SwapAsync(adapters[count++ % adapters.Count], record: true);
                    await Task.Delay(BetweenSwaps);
                }
                while (!running.IsCompleted);
            });
        }
        if (options.Does("load") && large is not null)
        {
            await CompareAsync(round, $"{LoadStreams} streams", "loads", LoadStreams, LoadStreamTokens, async running =>
            {
                do
                {
                    await LoadAsync(record: true);
                    await Task.WhenAny(running, Task.Delay(BetweenLoads));
                }
                while (!running.IsCompleted);
            });
        }
    }

    private async Task CompareAsync(int round, string streams, string change, int count, int tokens, Func<Task, Task> disturb)
    {
        for (var i = 0; i < 2; i++)
        {
            var isDisturbed = i == (round + 1) % 2;
            var answers = await StreamWhileAsync(count, tokens, isDisturbed ? disturb : _ => Task.CompletedTask);
            var condition = $"{streams}, {(isDisturbed ? "with" : "without")} {change}";
            book.Add($"longest gap, {condition}", "ms", StreamTimes.LongestGapMilliseconds(answers));
            book.Add(condition, "tokens/s", StreamTimes.Throughput(answers));
        }
    }

    /// <summary>
    /// Runs streams; once each has its first token, does something beside them until they end. It is done once at least, even where
    /// the streams of a tiny model are over before their first tokens are seen here.
    /// </summary>
    private async Task<StreamTimes[]> StreamWhileAsync(int count, int tokens, Func<Task, Task> beside)
    {
        var waiting = count;
        var allStarted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var made = Enumerable.Range(0, count).Select(_ => prompts.Next(ShortPrompt)).ToArray();
        var streams = Task.WhenAll(made.Select(prompt => client.StreamAsync(prompt, tokens, null, () =>
        {
            if (Interlocked.Decrement(ref waiting) == 0)
            {
                allStarted.SetResult();
            }
        })));
        await Task.WhenAny(allStarted.Task, streams);
        await beside(streams);
        return await streams;
    }

    private async Task SwapAsync(string adapter, bool record)
    {
        var started = TimeProvider.System.GetTimestamp();
        var answer = await client.PostAsync("/switch-lora", json => json.WriteString("adapter_name"u8, adapter));
        if (record)
        {
            using var json = JsonDocument.Parse(answer);
            book.Add("swap, inside the server", "ms", json.RootElement.GetProperty("timings_ms").GetProperty("total").GetDouble());
            book.Add("swap, round trip over HTTP", "ms", TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
        }
    }

    private async Task LoadAsync(bool record)
    {
        var megabytes = new DirectoryInfo(large!).EnumerateFiles().Sum(file => file.Length) / 1e6;
        var started = TimeProvider.System.GetTimestamp();
        await client.PostAsync("/v1/load_lora_adapter", json =>
        {
            json.WriteString("lora_name"u8, LoadedName);
            json.WriteString("lora_path"u8, large);
        });
        if (record)
        {
            book.Add(string.Create(CultureInfo.InvariantCulture, $"load of an adapter of {megabytes:F0} MB"), "ms", TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
        }
        await client.PostAsync("/v1/unload_lora_adapter", json => json.WriteString("lora_name"u8, LoadedName));
    }
}
