using System.Text.Json;

namespace Patchbay.Engine.Tests.Golden;

/// <summary>The demo that the product ships: every recorded prompt gives the recorded tokens with its adapter.</summary>
public sealed class DemoGoldenTests
{
    private const int ConcurrentRequests = 48;

    private static readonly string s_demo = Path.Combine(Fixtures.Repository, "demo");

    public static TheoryData<string> Adapters => ["base", "education", "finance", "medical", "medical-bad", "medical-v2", "pirate"];

    [Theory]
    [MemberData(nameof(Adapters))]
    public async Task EveryPrompt_GivesTheRecordedTokens(string name)
    {
        await using var engine = await InferenceEngine.OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = Path.Combine(s_demo, "base") });
        AdapterDigest? adapter = name == "base" ? null : (await engine.LoadAdapterAsync(Path.Combine(s_demo, "adapters", name))).Digest;
        var lines = await File.ReadAllLinesAsync(Path.Combine(s_demo, "eval", $"{name}.jsonl"));
        Assert.NotEmpty(lines);
        foreach (var chunk in lines.Chunk(ConcurrentRequests))
        {
            await Task.WhenAll(chunk.Select(line => CheckAsync(engine, adapter, line)));
        }

        Assert.Equal(0, engine.Statistics.ActiveLeases);
    }

    [Fact]
    public async Task EveryGoldenPrompt_HasTheRecordedLogits()
    {
        await using var engine = await InferenceEngine.OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = Path.Combine(s_demo, "base") });
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(s_demo, "eval", "golden.json")));
        var cases = json.RootElement.GetProperty("cases").EnumerateArray().ToList();
        Assert.Equal(70, cases.Count);
        foreach (var golden in cases)
        {
            AdapterLease? lease = null;
            if (golden.GetProperty("adapter").GetString() is { } name)
            {
                var version = await engine.LoadAdapterAsync(Path.Combine(s_demo, "adapters", name));
                Assert.True(engine.TryAcquireAdapter(version.Digest, out lease));
            }

            var prompt = Numbers(golden.GetProperty("prompt_ids"));
            var last = Array.Empty<float>();
            await TokensAsync(engine.Generate(new GenerationRequest
            {
                PromptTokens = prompt,
                Adapter = lease,
                MaxTokens = 1,
                PromptLogits = (position, row) => last = position == prompt.Length - 1 ? row.ToArray() : last,
            }));
            var ids = Numbers(golden.GetProperty("top20_ids"));
            var logits = golden.GetProperty("top20_logits").EnumerateArray().Select(value => value.GetSingle()).ToArray();
            for (var i = 0; i < ids.Length; i++)
            {
                Assert.Equal(logits[i], last[ids[i]], 2e-4f);
            }
        }
    }

    private static async Task CheckAsync(InferenceEngine engine, AdapterDigest? adapter, string line)
    {
        using var json = JsonDocument.Parse(line);
        AdapterLease? lease = null;
        Assert.True(adapter is null || engine.TryAcquireAdapter(adapter.Value, out lease));
        var expected = Numbers(json.RootElement.GetProperty("answer_ids"));
        var tokens = await TokensAsync(engine.Generate(new GenerationRequest
        {
            PromptTokens = Numbers(json.RootElement.GetProperty("prompt_ids")),
            Adapter = lease,
            MaxTokens = expected.Length,
            Sampling = SamplingOptions.Greedy,
        }));
        Assert.Equal(expected, tokens);
    }

    private static async Task<List<int>> TokensAsync(Generation generation)
    {
        var tokens = new List<int>();
        await foreach (var token in generation)
        {
            tokens.Add(token.Id);
        }

        return tokens;
    }

    private static int[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetInt32())];
}
