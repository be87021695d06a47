using Patchbay.Engine.Checkpoints.Safetensors;

namespace Patchbay.Engine.Tests.Golden;

/// <summary>Requests for different adapters in one batch: each answers as it would alone.</summary>
public sealed class MixedBatchGoldenTests
{
    private static readonly string s_folder = Path.Combine(Fixtures.Own, "mixed_batch");
    private static readonly string s_peft = Path.Combine(Fixtures.Own, "peft");

    [Fact]
    public async Task AllRequestsAtOnce_EqualTheirExpectedValues()
    {
        var cases = GoldenCase.Read(s_folder);
        using var expected = SafetensorsFile.Open(Path.Combine(s_folder, "expected.safetensors"));
        await using var engine = await InferenceEngine.OpenAsync(
            new EngineOptions { Weights = WeightFormat.Native, ModelPath = Path.Combine(Fixtures.Own, cases[0].Base), ContextLength = 512 });
        var answers = await Task.WhenAll(cases.Select(golden => GoldenAnswer.ComputeAsync(engine, golden)));
        for (var i = 0; i < cases.Count; i++)
        {
            var difference = answers[i].LargestDifference(cases[i], expected);
            Assert.True(difference <= cases[i].Tolerance, $"{cases[i].Name}: logits differ by {difference}, tolerance {cases[i].Tolerance}.");
            Assert.Equal(cases[i].Greedy, answers[i].Greedy);
        }
    }

    [Theory]
    [InlineData("families/llama", 512)]
    [InlineData("families/llama", 7)]
    [InlineData("families/llama_tied_head_dim", 5)]
    [InlineData("families/qwen2", 7)]
    [InlineData("families/gpt2", 7)]
    [InlineData("families/mixtral", 7)]
    public async Task EveryKindOfAdapterAtOnce_EqualsEachAlone(string model, int batchTokens)
    {
        var cases = Directory.GetDirectories(s_peft)
            .Where(folder => Path.GetFileName(folder) != "arrow")
            .Order(StringComparer.Ordinal)
            .SelectMany(GoldenCase.Read)
            .Where(golden => golden.Base == model)
            .ToList();
        var options = new EngineOptions { Weights = WeightFormat.Native, ModelPath = Path.Combine(Fixtures.Own, model), ContextLength = 512, PrefixCache = false };
        await using var alone = await InferenceEngine.OpenAsync(options with { ThreadCount = 1 });
        await using var together = await InferenceEngine.OpenAsync(options with { MaxBatchTokens = batchTokens });
        var answers = await Task.WhenAll(cases.Select(golden => GoldenAnswer.ComputeAsync(together, golden)));
        for (var i = 0; i < cases.Count; i++)
        {
            var expected = await GoldenAnswer.ComputeAsync(alone, cases[i]);
            Assert.Equal(expected.Greedy, answers[i].Greedy);
            Assert.Equal(expected.Bits, answers[i].Bits);
        }

        Assert.Equal(0, together.Statistics.ActiveLeases);
        together.CheckIntegrity();
    }

    [Fact]
    public async Task PrefixesInTheCache_ChangeNoAnswer()
    {
        var cases = Directory.GetDirectories(s_peft).Append(Path.Combine(Fixtures.Own, "composition"))
            .Where(folder => Path.GetFileName(folder) != "arrow")
            .Order(StringComparer.Ordinal)
            .SelectMany(GoldenCase.Read)
            .Where(golden => golden.Base == "families/llama")
            .Select(golden => golden with { Input = [.. golden.Input, .. golden.Input, .. golden.Input] })
            .ToList();
        var options = new EngineOptions { Weights = WeightFormat.Native, ModelPath = Path.Combine(Fixtures.Own, "families", "llama"), ContextLength = 512 };
        await using var alone = await InferenceEngine.OpenAsync(options with { ThreadCount = 1, PrefixCache = false });
        await using var cached = await InferenceEngine.OpenAsync(options with { MaxBatchTokens = 50, KvCacheBytes = 64 << 20 });
        var expected = new List<int[]>();
        foreach (var golden in cases)
        {
            expected.Add(await BitsAsync(alone, golden));
        }

        for (var round = 0; round < 2; round++)
        {
            var answers = await Task.WhenAll(cases.Select(golden => BitsAsync(cached, golden)));
            Assert.Equal(expected, answers);
        }

        Assert.True(cached.Statistics.CachedPromptTokens > 16 * cases.Count);
    }

    private static async Task<int[]> BitsAsync(InferenceEngine engine, GoldenCase golden)
    {
        var bits = new List<int>();
        await foreach (var token in engine.Generate(new GenerationRequest
        {
            PromptTokens = golden.Input,
            Adapters = await GoldenAnswer.LeaseAsync(engine, golden),
            MaxTokens = 6,
            IgnoreEndOfSequence = true,
            LogProbabilities = 4,
            Sampling = SamplingOptions.Greedy,
        }))
        {
            bits.Add(token.Id);
            bits.AddRange(token.LogProbabilities!.Top.Select(top => BitConverter.SingleToInt32Bits(top.Value)));
        }

        return [.. bits];
    }
}
