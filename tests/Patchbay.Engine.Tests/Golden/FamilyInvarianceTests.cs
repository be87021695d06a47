namespace Patchbay.Engine.Tests.Golden;

/// <summary>
/// Batch invariance of every family: the golden prompts, with and without the LoRA, give the same bits alone and all at once,
/// whatever the chunks of their prefill.
/// </summary>
public sealed class FamilyInvarianceTests
{
    public static TheoryData<string, WeightFormat> Families
    {
        get
        {
            var data = new TheoryData<string, WeightFormat>();
            foreach (var family in FamilyGoldenTests.Families)
            {
                data.Add(family, WeightFormat.Native);
                data.Add(family, WeightFormat.Q8);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public async Task AllRequestsAtOnce_EqualTheSameRequestsAlone(string family, WeightFormat weights)
    {
        var folder = Path.Combine(Fixtures.Own, "families", family);
        var cases = GoldenCase.Read(folder);
        await using var alone = await InferenceEngine.OpenAsync(Options(folder, 512, threads: 1, weights));
        var expected = new List<Answer>();
        foreach (var golden in cases)
        {
            expected.Add(await AnswerAsync(alone, golden));
        }

        foreach (var (chunk, threads) in new[] { (1, 1), (7, 2), (512, 2) })
        {
            await using var engine = await InferenceEngine.OpenAsync(Options(folder, chunk, threads, weights));
            var answers = await Task.WhenAll(cases.Select(golden => AnswerAsync(engine, golden)));
            for (var i = 0; i < cases.Count; i++)
            {
                Assert.Equal(expected[i].Tokens, answers[i].Tokens);
                Assert.Equal(expected[i].LogProbabilities, answers[i].LogProbabilities);
            }

            engine.CheckIntegrity();
        }
    }

    [Theory]
    [InlineData("llama_rope_dynamic", 64)]
    [InlineData("phi3", 64)]
    public async Task AnswerThatCrossesTheTrainedLength_EqualsAFullPassForEachToken(string family, int trainedLength)
    {
        var folder = Path.Combine(Fixtures.Own, "families", family);
        var random = new Random(3);
        int[] prompt = [.. Enumerable.Range(0, trainedLength - 4).Select(_ => random.Next(4, 320))];
        var golden = GoldenCase.Read(folder)[0] with { Input = prompt };
        await using var engine = await InferenceEngine.OpenAsync(Options(folder, 64, threads: 2));
        var answer = await AnswerAsync(engine, golden);
        for (var i = 0; i < answer.Tokens.Count; i++)
        {
            var next = await AnswerAsync(engine, golden with { Input = [.. prompt, .. answer.Tokens.Take(i)] });
            Assert.Equal(answer.Tokens[i], next.Tokens[0]);
            Assert.Equal(answer.LogProbabilities[(3 * i)..(3 * (i + 1))], next.LogProbabilities[..3]);
        }
    }

    private static EngineOptions Options(string folder, int chunk, int threads, WeightFormat weights = WeightFormat.Native) =>
        new() { Weights = weights, ModelPath = folder, ContextLength = 600, MaxBatchTokens = chunk, ThreadCount = threads };

    private static async Task<Answer> AnswerAsync(InferenceEngine engine, GoldenCase golden)
    {
        AdapterLease? lease = null;
        if (golden.Adapters.Count > 0)
        {
            var version = await engine.LoadAdapterAsync(Path.Combine(Fixtures.Own, golden.Adapters[0].Path));
            Assert.True(engine.TryAcquireAdapter(version.Digest, out lease));
        }

        var tokens = new List<int>();
        var logProbabilities = new List<int>();
        await foreach (var token in engine.Generate(new GenerationRequest
        {
            PromptTokens = golden.Input,
            Adapter = lease,
            MaxTokens = 8,
            IgnoreEndOfSequence = true,
            LogProbabilities = 3,
            Sampling = SamplingOptions.Greedy,
        }))
        {
            tokens.Add(token.Id);
            logProbabilities.AddRange(token.LogProbabilities!.Top.Select(top => BitConverter.SingleToInt32Bits(top.Value)));
        }

        return new Answer(tokens, logProbabilities);
    }

    private sealed record Answer(List<int> Tokens, List<int> LogProbabilities);
}
