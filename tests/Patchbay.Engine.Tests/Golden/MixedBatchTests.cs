using System.Runtime.InteropServices;

namespace Patchbay.Engine.Tests.Golden;

/// <summary>Batch invariance: a request's logits and tokens are the same bits alone and in any company.</summary>
public sealed class MixedBatchTests
{
    private static readonly string s_demo = Path.Combine(Fixtures.Repository, "demo");
    private static readonly string[] s_adapters = ["education", "finance", "medical", "medical-bad", "medical-v2", "pirate"];

    public static TheoryData<int, bool, int, WeightFormat> Settings
    {
        get
        {
            var data = new TheoryData<int, bool, int, WeightFormat>
            {
                { 1, false, 2, WeightFormat.Q8 },
                { 7, true, 2, WeightFormat.Q8 },
                { 64, false, 1, WeightFormat.Q8 },
                { 512, true, 2, WeightFormat.Q8 },
                { 7, false, 2, WeightFormat.Q4 },
                { 512, true, 1, WeightFormat.Q4 },
            };
            foreach (var chunk in new[] { 1, 7, 64, 512 })
            {
                foreach (var prefixCache in new[] { true, false })
                {
                    data.Add(chunk, prefixCache, 1, WeightFormat.Native);
                    data.Add(chunk, prefixCache, 2, WeightFormat.Native);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public async Task SixteenRequestsAtOnce_EqualTheSameRequestsAlone(int chunk, bool prefixCache, int threads, WeightFormat weights)
    {
        var requests = Requests();
        await using var alone = await OpenAsync(new EngineOptions { Weights = weights, ModelPath = Model, ThreadCount = 1, PrefixCache = false });
        var expected = new List<Answer>();
        foreach (var request in requests)
        {
            expected.Add(await AnswerAsync(alone, request));
        }

        await using var engine = await OpenAsync(new EngineOptions
        {
            Weights = weights,
            ModelPath = Model,
            MaxBatchTokens = chunk,
            PrefixCache = prefixCache,
            ThreadCount = threads,
        });
        for (var round = 0; round < 2; round++)
        {
            // The second round finds its prefixes in the cache, where there is one.
            var answers = await Task.WhenAll(requests.Select(request => AnswerAsync(engine, request)));
            for (var i = 0; i < requests.Count; i++)
            {
                Assert.Equal(expected[i].Tokens, answers[i].Tokens);
                Assert.Equal(expected[i].LogProbabilities, answers[i].LogProbabilities);
            }
        }

        Assert.Equal(prefixCache, engine.Statistics.CachedPromptTokens > 0);
        Assert.Equal(0, engine.Statistics.ActiveLeases);
        engine.CheckIntegrity();
    }

    [Fact]
    public async Task MemoryForFewSequences_Preempts_AndChangesNothing()
    {
        var requests = Requests();
        await using var alone = await OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = Model, PrefixCache = false });
        // 6,144 bytes a token: room for about 190 tokens, where sixteen requests need several times that.
        await using var tight = await OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = Model, KvCacheBytes = 12 * 16 * 6144, MaxBatchTokens = 32 });
        var answers = await Task.WhenAll(requests.Select(request => AnswerAsync(tight, request)));
        for (var i = 0; i < requests.Count; i++)
        {
            var expected = await AnswerAsync(alone, requests[i]);
            Assert.Equal(expected.Tokens, answers[i].Tokens);
            Assert.Equal(expected.LogProbabilities, answers[i].LogProbabilities);
        }

        Assert.True(tight.Statistics.Preemptions > 0);
        tight.CheckIntegrity();
    }

    private static string Model => Path.Combine(s_demo, "base");

    private static List<(string? Adapter, int[] Prompt)> Requests()
    {
        var random = new Random(7);
        var shared = Tokens(random, 40);
        var requests = new List<(string?, int[])>();
        for (var i = 0; i < 16; i++)
        {
            var adapter = i % 7 == 6 ? null : s_adapters[i % 7];
            requests.Add((adapter, [.. shared, .. Tokens(random, 1 + (i * 5))]));
        }

        return requests;
    }

    private static int[] Tokens(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(3, 5000))];

    private static async Task<InferenceEngine> OpenAsync(EngineOptions options)
    {
        var engine = await InferenceEngine.OpenAsync(options);
        foreach (var name in s_adapters)
        {
            await engine.LoadAdapterAsync(Path.Combine(s_demo, "adapters", name));
        }

        return engine;
    }

    private static async Task<Answer> AnswerAsync(InferenceEngine engine, (string? Adapter, int[] Prompt) request)
    {
        AdapterLease? lease = null;
        if (request.Adapter is { } name)
        {
            var version = await engine.LoadAdapterAsync(Path.Combine(s_demo, "adapters", name));
            Assert.True(engine.TryAcquireAdapter(version.Digest, out lease));
        }

        var tokens = new List<int>();
        var logProbabilities = new List<int>();
        await foreach (var token in engine.Generate(new GenerationRequest
        {
            PromptTokens = request.Prompt,
            Adapter = lease,
            MaxTokens = 12,
            IgnoreEndOfSequence = true,
            LogProbabilities = 3,
            Sampling = new SamplingOptions { Temperature = 0.8f, TopP = 0.95f, Seed = 11 },
        }))
        {
            tokens.Add(token.Id);
            logProbabilities.AddRange(token.LogProbabilities!.Top.Select(top => BitConverter.SingleToInt32Bits(top.Value)));
        }

        return new Answer(tokens, logProbabilities);
    }

    private sealed record Answer(List<int> Tokens, List<int> LogProbabilities);
}
