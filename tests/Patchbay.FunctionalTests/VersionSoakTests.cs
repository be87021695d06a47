using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>
/// Versions that come and go under traffic. With PATCHBAY_NIGHTLY=1 at full size: 1,000 replacements under 64 streams, 32 × 1,024
/// operations, 1,000 adapters in memory for 20, 10,000 loads and unloads.
/// </summary>
public sealed class VersionSoakTests(DemoServer server, ITestOutputHelper output) : IClassFixture<DemoServer>
{
    private static readonly bool s_isNightly = Environment.GetEnvironmentVariable("PATCHBAY_NIGHTLY") == "1";
    private static readonly (string Question, string First, string Second) Pair = Golden.MedicalReleases[0];

    [Fact]
    public async Task Replacements_UnderStreams_EveryAnswerIsItsHeadersVersion()
    {
        var (clients, replacements) = s_isNightly ? (64, 1000) : (16, 40);
        var oracle = new Dictionary<string, string>
        {
            [await PutAsync("medical")] = Pair.First,
            [await PutAsync("medical-v2")] = Pair.Second,
        };
        using var stop = new CancellationTokenSource();
        var streams = Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            var count = 0;
            do
            {
                using var stream = await server.StreamAsync("changing", Pair.Question);
                var text = await stream.ReadAllAsync();
                Assert.True(stream.IsDone);
                Assert.Equal(oracle[stream.Header("x-adapter-digest")], text);
                count++;
            }
            while (!stop.IsCancellationRequested);
            return count;
        })).ToArray();
        for (var i = 0; i < replacements; i++)
        {
            await PutAsync(i % 2 == 0 ? "medical" : "medical-v2");
        }
        await stop.CancelAsync();
        output.WriteLine($"{(await Task.WhenAll(streams)).Sum()} answers during {replacements} replacements");
        await server.WaitUntilIdleAsync(TimeSpan.FromSeconds(10));
    }

    /// <summary>vLLM #42125 and #30931: another adapter under a known name, in place or after an unload, must not meet the old one's cache.</summary>
    [Fact]
    public async Task SameNameOtherBytes_SharedPrefix_AnswersLikeACold()
    {
        for (var round = 0; round < 3; round++)
        {
            foreach (var (folder, answer) in new[] { ("medical", Pair.First), ("medical-v2", Pair.Second) })
            {
                server.AddAdapter(folder, "reused");
                await VllmAsync("load", "{\"lora_name\":\"reused\",\"lora_path\":\"reused\",\"load_inplace\":true}");
                // The first one fills the cache, the second one finds it.
                Assert.Equal(answer, (await server.AskAsync("reused", Pair.Question)).Answer);
                Assert.Equal(answer, (await server.AskAsync("reused", Pair.Question)).Answer);
                if (round % 2 == 1)
                {
                    await VllmAsync("unload", "{\"lora_name\":\"reused\"}");
                }
            }
        }
    }

    [Fact]
    public async Task LoadUnloadStress_EveryStatusIsAnExpectedOne()
    {
        var operations = s_isNightly ? 1024 : 24;
        await Task.WhenAll(Enumerable.Range(0, 32).Select(thread => Task.Run(async () =>
        {
            var random = new Random(thread);
            for (var i = 0; i < operations; i++)
            {
                var name = Golden.Adapters[random.Next(Golden.Adapters.Length)];
                using var response = random.Next(3) switch
                {
                    0 => await server.PostAsync($"/admin/adapters/{name}/load?wait=true", "{}"),
                    1 => await server.PostAsync($"/admin/adapters/{name}/unload", "{}"),
                    _ => await server.PostAsync("/v1/chat/completions", DemoServer.Ask(name, "Hello", "\"max_tokens\":2")),
                };
                Assert.True(response.StatusCode == HttpStatusCode.OK, $"{response.StatusCode} {await response.Content.ReadAsStringAsync()}");
            }
        })));
        await server.WaitUntilIdleAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(Pair.First, (await server.AskAsync("medical", Pair.Question)).Answer);
    }

    /// <summary>Many registered adapters take turns by Zipf's law in memory for a fiftieth of them.</summary>
    [Fact]
    public async Task ManyAdapters_ZipfTraffic_AllAnsweredWithinTheBudget()
    {
        var (count, room, requests) = s_isNightly ? (1000, 20, 3000) : (60, 4, 150);
        var folder = Directory.CreateTempSubdirectory("patchbay-zipf-").FullName;
        try
        {
            for (var i = 0; i < count; i++)
            {
                AdapterFiles.Copy("medical", Path.Combine(folder, $"tenant-{i:D4}"), copy => File.WriteAllText(Path.Combine(copy, "README.md"), $"tenant {i}"));
            }
            await using var process = await PatchbayProcess.ServeAsync(
                "--model", Path.Combine(Repository.Demo, "base"), "--adapters", folder, "--lazy", "--no-watch", "--adapter-memory", $"{room * 480_000}");
            using var client = new HttpClient { BaseAddress = process.Address };
            var random = new Random(7);
            var milliseconds = new List<double>();
            await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
            {
                for (var i = 0; i < requests / 4; i++)
                {
                    string name;
                    lock (random)
                    {
                        name = $"tenant-{Zipf(random, count):D4}";
                    }
                    var started = Stopwatch.GetTimestamp();
                    using var body = new StringContent(DemoServer.Ask(name, Pair.Question, "\"max_tokens\":4"), Encoding.UTF8, "application/json");
                    using var response = await client.PostAsync("/v1/chat/completions", body);
                    Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
                    Assert.Equal(name, Assert.Single(response.Headers.GetValues("x-adapter")));
                    lock (random)
                    {
                        milliseconds.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                    }
                }
            }));
            using var list = JsonDocument.Parse(await client.GetStringAsync("/admin/adapters"));
            var memory = list.RootElement.GetProperty("memory");
            var loads = memory.GetProperty("loads").GetInt64();
            var times = list.RootElement.GetProperty("data").EnumerateArray()
                .Select(adapter => adapter.GetProperty("load_ms")).Where(time => time.ValueKind == JsonValueKind.Number).Select(time => time.GetDouble()).Order().ToArray();
            milliseconds.Sort();
            output.WriteLine(
                $"{count} adapters in memory for {room}: hit rate {1 - (double)loads / requests:P1}, load p50 {times[times.Length / 2]:F1} ms, "
                + $"p99 {times[times.Length * 99 / 100]:F1} ms; request p50 {milliseconds[milliseconds.Count / 2]:F1} ms, p99 {milliseconds[milliseconds.Count * 99 / 100]:F1} ms");
            Assert.InRange(memory.GetProperty("ready_bytes").GetInt64(), 1, room * 480_000);
            Assert.True(memory.GetProperty("evictions").GetInt64() > 0);
            Assert.True(loads < requests);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task LoadsAndUnloads_KeepNoMemory()
    {
        var cycles = s_isNightly ? 10_000 : 200;
        var before = 0L;
        for (var i = 0; i < cycles + 100; i++)
        {
            if (i == 100)
            {
                before = await ResidentAsync();
            }
            await server.PostJsonAsync("/admin/adapters/medical/unload", "{}");
            await server.PostJsonAsync("/admin/adapters/medical/load?wait=true", "{}");
        }
        var after = await ResidentAsync();
        output.WriteLine($"resident set {before / 1048576.0:F1} MiB before, {after / 1048576.0:F1} MiB after {cycles} cycles");
        // In a short run the runtime's own heap still grows by more than a hundredth.
        Assert.True(after < before * (s_isNightly ? 1.01 : 1.25), $"{before} -> {after}");
    }

    private async Task<long> ResidentAsync()
    {
        using var document = JsonDocument.Parse(await server.Client.GetStringAsync("/admin/adapters"));
        return document.RootElement.GetProperty("memory").GetProperty("resident_set_bytes").GetInt64();
    }

    private async Task<string> PutAsync(string folder)
    {
        using var body = AdapterFiles.Tar(AdapterFiles.Folder(folder));
        using var response = await server.Client.PutAsync("/admin/adapters/changing", body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.GetProperty("digest").GetString()!;
    }

    private async Task VllmAsync(string verb, string json)
    {
        using var response = await server.PostAsync($"/v1/{verb}_lora_adapter", json);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    // By inversion of the harmonic sums' integral: rank r comes about as often as 1 / r.
    private static int Zipf(Random random, int count) => (int)Math.Min(count - 1, Math.Exp(random.NextDouble() * Math.Log(count)) - 1);
}
