namespace Patchbay.Engine.Tests.Golden;

/// <summary>Recurrent models when memory is short: sequences wait, or are computed anew, and answer the same.</summary>
public sealed class RecurrentMemoryTests
{
    private const int Requests = 6;

    [Theory]
    [InlineData("mamba")]
    [InlineData("qwen3_next")]
    [InlineData("minimax")]
    public async Task FewerSlotsThanRequests_WaitAndAnswerTheSame(string family)
    {
        await using var alone = await OpenAsync(family, new EngineOptions { Weights = WeightFormat.Native, ModelPath = Folder(family), ContextLength = 512 });
        await using var narrow = await OpenAsync(
            family, new EngineOptions { Weights = WeightFormat.Native, ModelPath = Folder(family), ContextLength = 512, MaxRunningSequences = 2, MaxBatchTokens = 16 });
        await CheckAsync(alone, narrow);
    }

    [Theory]
    [InlineData("bamba")]
    [InlineData("qwen3_next")]
    [InlineData("lfm2")]
    public async Task MemoryForFewSequences_Preempts_AndRestartsFromAnEmptyState(string family)
    {
        await using var alone = await OpenAsync(family, new EngineOptions { Weights = WeightFormat.Native, ModelPath = Folder(family), ContextLength = 512 });
        var blockBytes = family == "qwen3_next" ? 16 * 2 * 32 * 4L : 16 * 2 * 24 * 4L;
        await using var tight = await OpenAsync(
            family, new EngineOptions { Weights = WeightFormat.Native, ModelPath = Folder(family), ContextLength = 512, KvCacheBytes = 9 * blockBytes, MaxBatchTokens = 32 });
        await CheckAsync(alone, tight);
        Assert.True(tight.Statistics.Preemptions > 0);
    }

    [Fact]
    public async Task PromptThatWasSeenBefore_IsNotTakenFromAPrefixCache()
    {
        await using var engine = await OpenAsync("lfm2", new EngineOptions { Weights = WeightFormat.Native, ModelPath = Folder("lfm2"), ContextLength = 512, PrefixCache = true });
        var first = await AnswerAsync(engine, Prompt(3));
        Assert.Equal(first, await AnswerAsync(engine, Prompt(3)));
        Assert.Equal(0, engine.Statistics.CachedPromptTokens);
    }

    private static string Folder(string family) => Path.Combine(Fixtures.Own, "families", family);

    private static Task<InferenceEngine> OpenAsync(string family, EngineOptions options) =>
        InferenceEngine.OpenAsync(options with { ModelPath = Folder(family) });

    private static int[] Prompt(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 20 + (seed * 5)).Select(_ => random.Next(3, 320))];
    }

    private static async Task CheckAsync(InferenceEngine alone, InferenceEngine crowded)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, Requests).Select(seed => AnswerAsync(crowded, Prompt(seed))));
        for (var seed = 0; seed < Requests; seed++)
        {
            Assert.Equal(await AnswerAsync(alone, Prompt(seed)), answers[seed]);
        }

        crowded.CheckIntegrity();
    }

    private static async Task<List<int>> AnswerAsync(InferenceEngine engine, int[] prompt)
    {
        var tokens = new List<int>();
        await foreach (var token in engine.Generate(new GenerationRequest
        {
            PromptTokens = prompt,
            MaxTokens = 24,
            IgnoreEndOfSequence = true,
            LogProbabilities = 1,
            Sampling = SamplingOptions.Greedy,
        }))
        {
            tokens.Add(token.Id);
            tokens.Add(BitConverter.SingleToInt32Bits(token.LogProbabilities!.Top[0].Value));
        }

        return tokens;
    }
}
