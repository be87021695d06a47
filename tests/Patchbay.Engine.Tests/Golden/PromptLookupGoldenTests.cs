using CsCheck;

namespace Patchbay.Engine.Tests.Golden;

/// <summary>Guessing next tokens changes how fast an answer comes, never what it is: not a token, not a bit of its probabilities.</summary>
public sealed class PromptLookupGoldenTests
{
    private static readonly string s_demo = Path.Combine(Fixtures.Repository, "demo");
    private static readonly string[] s_adapters = ["medical", "finance", "pirate"];

    // Few different tokens, so that prompts repeat themselves and guesses are made; answers of two tokens make some of them right.
    private static readonly Gen<Draw> s_request = Gen.Select(
        Gen.Int[0, 3], Gen.Int[3, 9].Array[1, 60], Gen.Int[1, 40], Gen.Int[0, 3], Gen.Int[0, 1000], Gen.Int[0, 3],
        (adapter, tokens, length, temperature, seed, kind) =>
            new Draw(adapter, tokens, length, 0.4f * temperature, seed, kind % 2 == 0) { Only = kind < 2 ? [] : [5, 6] });

    [Fact]
    public async Task AnyBatch_GivesTheSameAnswersWithAndWithoutGuesses()
    {
        await using var plain = await OpenAsync(s_demo + "/base", promptLookup: false);
        await using var guessing = await OpenAsync(s_demo + "/base", promptLookup: true);
        await s_request.Array[1, 6].SampleAsync(
            async requests =>
            {
                var expected = await Task.WhenAll(requests.Select(request => AnswerAsync(plain, request)));
                var answers = await Task.WhenAll(requests.Select(request => AnswerAsync(guessing, request)));
                for (var i = 0; i < requests.Length; i++)
                {
                    Assert.Equal(expected[i], answers[i]);
                }
            },
            iter: -1, time: 6, threads: 1);
        guessing.CheckIntegrity();
        Assert.True(guessing.Statistics.AcceptedDraftTokens > 0, "No guess was right: nothing was tested.");
        Assert.True(guessing.Statistics.DraftedTokens > guessing.Statistics.AcceptedDraftTokens, "No guess was wrong: rejection was not tested.");
        Assert.Equal(0, plain.Statistics.DraftedTokens);
    }

    [Fact]
    public async Task AnswerThatRepeatsItself_TakesFewerSteps()
    {
        await using var plain = await OpenAsync(s_demo + "/base", promptLookup: false);
        await using var guessing = await OpenAsync(s_demo + "/base", promptLookup: true);

        // A bias so strong that the answer is one token all along.
        var request = new Draw(3, [.. Enumerable.Range(0, 40).Select(i => 5 + (i % 4))], 100, 0, 1, IsPenalised: false) { Only = [77] };
        Assert.Equal(await AnswerAsync(plain, request), await AnswerAsync(guessing, request));
        Assert.True(guessing.Statistics.Steps < plain.Statistics.Steps / 3, $"{guessing.Statistics.Steps} steps instead of {plain.Statistics.Steps}.");
    }

    [Theory]
    [InlineData("falcon_h1")]
    [InlineData("mamba")]
    [InlineData("llama_rope_dynamic")]
    public async Task FamiliesWhoseStateCannotGoBack_MakeNoGuess_OrTheSameAnswer(string family)
    {
        var model = Path.Combine(Fixtures.Own, "families", family);
        await using var plain = await OpenAsync(model, promptLookup: false);
        await using var guessing = await OpenAsync(model, promptLookup: true);
        var request = new Draw(3, [.. Enumerable.Range(0, 40).Select(i => 5 + (i % 4))], 40, 0, 1, IsPenalised: false);
        Assert.Equal(await AnswerAsync(plain, request), await AnswerAsync(guessing, request));
        Assert.True(family == "llama_rope_dynamic" || guessing.Statistics.DraftedTokens == 0);
    }

    [Fact]
    public async Task StopTokenWithinAGuess_EndsTheAnswerThere()
    {
        await using var guessing = await OpenAsync(s_demo + "/base", promptLookup: true);
        var request = new Draw(3, [.. Enumerable.Range(0, 40).Select(i => 5 + (i % 4))], 100, 0, 1, IsPenalised: false) { Only = [77], StopAfter = 23 };
        Assert.Equal(23, (await AnswerAsync(guessing, request)).Split(' ', StringSplitOptions.RemoveEmptyEntries).Length);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        guessing.CheckIntegrity();
    }

    private static async Task<InferenceEngine> OpenAsync(string model, bool promptLookup)
    {
        var engine = await InferenceEngine.OpenAsync(new EngineOptions { ModelPath = model, ContextLength = 256, PromptLookup = promptLookup });
        foreach (var name in model.StartsWith(s_demo, StringComparison.Ordinal) ? s_adapters : [])
        {
            await engine.LoadAdapterAsync(Path.Combine(s_demo, "adapters", name));
        }

        return engine;
    }

    private static async Task<string> AnswerAsync(InferenceEngine engine, Draw request)
    {
        AdapterLease? lease = null;
        if (request.Adapter < s_adapters.Length && engine.Adapters.Count > 0)
        {
            var version = await engine.LoadAdapterAsync(Path.Combine(s_demo, "adapters", s_adapters[request.Adapter]));
            Assert.True(engine.TryAcquireAdapter(version.Digest, out lease));
        }

        var answer = new List<string>();
        var count = 0;
        await foreach (var token in engine.Generate(new GenerationRequest
        {
            PromptTokens = request.Tokens,
            Adapter = lease,
            MaxTokens = request.Length,
            IgnoreEndOfSequence = true,
            LogProbabilities = 2,
            Sampling = new SamplingOptions
            {
                Temperature = request.Temperature,
                TopP = 0.9f,
                Seed = (ulong)request.Seed,
                RepetitionPenalty = request.IsPenalised ? 1.1f : 1,
                FrequencyPenalty = request.IsPenalised ? 0.5f : 0,
                LogitBias = request.Only.ToDictionary(token => token, _ => 100f),
            },
        }))
        {
            var values = token.LogProbabilities!;
            answer.Add($"{token.Id}:{BitConverter.SingleToInt32Bits(values.Chosen)}:{string.Join(',', values.Top.Select(top => BitConverter.SingleToInt32Bits(top.Value)))}");
            if (++count == request.StopAfter)
            {
                break;
            }
        }

        return string.Join(' ', answer);
    }

    private sealed record Draw(int Adapter, int[] Tokens, int Length, float Temperature, int Seed, bool IsPenalised)
    {
        public int[] Only { get; init; } = [];

        public int StopAfter { get; init; } = int.MaxValue;
    }
}
