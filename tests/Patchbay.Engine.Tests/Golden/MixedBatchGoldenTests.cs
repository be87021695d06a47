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
            new EngineOptions { ModelPath = Path.Combine(Fixtures.Own, cases[0].Base), ContextLength = 512 });
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
        var options = new EngineOptions { ModelPath = Path.Combine(Fixtures.Own, model), ContextLength = 512, PrefixCache = false };
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
}
