using System.Text.Json;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Tests.Adapters;

/// <summary>Tests that count memory of the whole process; nothing else may run beside them.</summary>
[CollectionDefinition(nameof(RunsAlone), DisableParallelization = true)]
public sealed class RunsAlone;

/// <summary>Versions come and go under running generations: no answer mixes two, every lease ends, all memory comes back.</summary>
[Collection(nameof(RunsAlone))]
public sealed class AdapterSwitchSoakTests
{
    private const int Streams = 16;
    private static readonly string s_demo = Path.Combine(Fixtures.Repository, "demo");
    private static readonly string[] s_names = ["education", "finance", "medical", "medical-bad", "medical-v2", "pirate"];
    private static readonly int s_switches = Environment.GetEnvironmentVariable("PATCHBAY_NIGHTLY") == "1" ? 5000 : 300;

    [Fact]
    public async Task LoadsAndRetirementsUnderLoad_ChangeNoAnswer_AndLeaveNothingBehind()
    {
        await using var engine = await InferenceEngine.OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = Path.Combine(s_demo, "base") });
        var prompts = s_names.ToDictionary(name => name, name => Golden(name));
        var names = new Dictionary<AdapterDigest, string>();
        await Warm(engine, prompts, names);
        var before = NativeBuffer.LiveBytes;

        using var done = new CancellationTokenSource();
        var current = await engine.LoadAdapterAsync(Folder(s_names[0]));
        var random = new Random(5);
        var answers = 0;
        var streams = Enumerable.Range(0, Streams).Select(_ => Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                if (!engine.TryAcquireAdapter(Volatile.Read(ref current).Digest, out var lease))
                {
                    continue;
                }

                var (prompt, answer) = prompts[names[lease.Version.Digest]];
                Assert.Equal(answer, await AnswerAsync(engine, lease, prompt, answer.Length));
                Interlocked.Increment(ref answers);
            }
        })).ToList();
        for (var i = 0; i < s_switches; i++)
        {
            var next = await engine.LoadAdapterAsync(Folder(s_names[random.Next(s_names.Length)]));
            var last = Interlocked.Exchange(ref current, next);
            if (last.Digest != next.Digest)
            {
                Assert.True(engine.RetireAdapter(last.Digest));
            }
        }

        await done.CancelAsync();
        await Task.WhenAll(streams);
        Assert.True(answers >= Streams);
        engine.RetireAdapter(current.Digest);
        Assert.Equal(0, engine.Statistics.ActiveLeases);
        Assert.Equal(0, engine.Statistics.RetiredVersions);
        Assert.Equal(before, NativeBuffer.LiveBytes);
    }

    // Scratch memory grows to its largest need once; what is counted afterwards is what adapters take.
    private static async Task Warm(InferenceEngine engine, Dictionary<string, (int[] Prompt, int[] Answer)> prompts, Dictionary<AdapterDigest, string> names)
    {
        var running = new List<Task>();
        foreach (var name in s_names)
        {
            var version = await engine.LoadAdapterAsync(Folder(name));
            names[version.Digest] = name;
            for (var i = 0; i < 2 * Streams; i++)
            {
                Assert.True(engine.TryAcquireAdapter(version.Digest, out var lease));
                running.Add(AnswerAsync(engine, lease, prompts[name].Prompt, prompts[name].Answer.Length));
            }
        }

        await Task.WhenAll(running);
        foreach (var digest in names.Keys)
        {
            engine.RetireAdapter(digest);
        }
    }

    private static string Folder(string name) => Path.Combine(s_demo, "adapters", name);

    private static (int[] Prompt, int[] Answer) Golden(string name)
    {
        using var json = JsonDocument.Parse(File.ReadLines(Path.Combine(s_demo, "eval", $"{name}.jsonl")).First());
        return (Numbers(json.RootElement.GetProperty("prompt_ids")), Numbers(json.RootElement.GetProperty("answer_ids")));
    }

    private static int[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetInt32())];

    private static async Task<int[]> AnswerAsync(InferenceEngine engine, AdapterLease lease, int[] prompt, int length)
    {
        var tokens = new List<int>();
        await foreach (var token in engine.Generate(new GenerationRequest
        {
            PromptTokens = prompt,
            Adapter = lease,
            MaxTokens = length,
            Sampling = SamplingOptions.Greedy,
        }))
        {
            tokens.Add(token.Id);
        }

        return [.. tokens];
    }
}
