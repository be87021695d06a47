using Patchbay.Engine.Checkpoints.Safetensors;

namespace Patchbay.Engine.Tests.Golden;

/// <summary>Weighted sums of adapters: exactly Σ wᵢ·ΔWᵢ.</summary>
public sealed class CompositionGoldenTests
{
    private static readonly string s_folder = Path.Combine(Fixtures.Own, "composition");

    public static TheoryData<string> Names => [.. GoldenCase.Read(s_folder).Select(golden => golden.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task EveryCase_EqualsTheSum(string name)
    {
        using var expected = SafetensorsFile.Open(Path.Combine(s_folder, "expected.safetensors"));
        var golden = GoldenCase.Read(s_folder).Single(golden => golden.Name == name);
        await using var engine = await OpenAsync(golden.Base);
        var answer = await GoldenAnswer.ComputeAsync(engine, golden);
        var difference = answer.LargestDifference(golden, expected);
        Assert.True(difference <= golden.Tolerance, $"logits differ by {difference}, tolerance {golden.Tolerance}.");
        Assert.Equal(golden.Greedy, answer.Greedy);
        Assert.Equal(0, engine.Statistics.ActiveLeases);
    }

    [Fact]
    public async Task PromptOfOneComposition_IsNotReusedByAnother()
    {
        var golden = GoldenCase.Read(s_folder).Single(golden => golden.Name == "two");
        golden = golden with { Input = [.. golden.Input, .. golden.Input, .. golden.Input] };
        var other = golden with { Adapters = [golden.Adapters[0], (golden.Adapters[1].Path, 0.25)] };
        await using var engine = await OpenAsync(golden.Base);
        await using var fresh = await OpenAsync(golden.Base);
        var first = await TokensAsync(engine, golden);
        var second = await TokensAsync(engine, other);
        Assert.Equal(0, engine.Statistics.CachedPromptTokens);
        Assert.Equal(second, await TokensAsync(fresh, other));
        Assert.Equal(first, await TokensAsync(engine, golden));
        Assert.True(engine.Statistics.CachedPromptTokens > 0);
    }

    [Theory]
    [InlineData("peft/save_lm_head/adapter", 0.5f, "modules_to_save")]
    [InlineData("peft/trainable_tokens/adapter", 2f, "trainable_token_indices")]
    [InlineData("peft/kasa/adapter", 0.5f, "kasa_config")]
    [InlineData("peft/layer_replication/adapter", 0.5f, "layer_replication")]
    [InlineData("peft/rank_alpha/adapter", float.NaN, "finite")]
    public async Task AdapterWithoutWeightedSum_IsRefusedByName(string path, float weight, string word)
    {
        await using var engine = await OpenAsync("families/llama");
        var version = await engine.LoadAdapterAsync(Path.Combine(Fixtures.Own, path));
        Assert.True(engine.TryAcquireAdapter(version.Digest, out var lease));
        var refusal = Assert.Throws<RequestRefusedException>(() =>
            engine.Generate(new GenerationRequest { PromptTokens = new[] { 1, 2 }, Adapters = [new AdapterWeight(lease, weight)] }));
        Assert.Equal(RequestRefusal.AdaptersCannotBeComposed, refusal.Reason);
        Assert.Contains(word, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(0, engine.Statistics.ActiveLeases);
    }

    [Fact]
    public void DigestOfASum_DependsOnVersionsWeightsAndOrder()
    {
        Assert.True(AdapterDigest.TryParse("sha256:" + new string('a', 64), out var a));
        Assert.True(AdapterDigest.TryParse("sha256:" + new string('b', 64), out var b));
        AdapterDigest[] digests =
        [
            AdapterDigest.OfComposition([(a, 1)]),
            AdapterDigest.OfComposition([(a, 0.5f)]),
            AdapterDigest.OfComposition([(a, 1), (b, 1)]),
            AdapterDigest.OfComposition([(b, 1), (a, 1)]),
            AdapterDigest.OfComposition([(a, 1), (b, -1)]),
        ];
        Assert.Equal(a, digests[0]);
        Assert.Equal(digests.Length, digests.Distinct().Count());
    }

    private static Task<InferenceEngine> OpenAsync(string model) =>
        InferenceEngine.OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = Path.Combine(Fixtures.Own, model), ContextLength = 512 });

    private static async Task<int[]> TokensAsync(InferenceEngine engine, GoldenCase golden)
    {
        var generation = engine.Generate(new GenerationRequest
        {
            PromptTokens = golden.Input,
            Adapters = await GoldenAnswer.LeaseAsync(engine, golden),
            MaxTokens = 8,
            IgnoreEndOfSequence = true,
            Sampling = SamplingOptions.Greedy,
        });
        var tokens = new List<int>();
        await foreach (var token in generation)
        {
            tokens.Add(token.Id);
        }

        return [.. tokens];
    }
}
