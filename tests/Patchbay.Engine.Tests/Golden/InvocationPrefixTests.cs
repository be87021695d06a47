namespace Patchbay.Engine.Tests.Golden;

/// <summary>
/// aLoRA (arXiv:2504.12397) and the prefix cache: what stands before the invocation is the base model's, whoever computed it; what
/// stands behind it belongs to the adapter and to the place where it began to act.
/// </summary>
public sealed class InvocationPrefixTests
{
    private const string Model = "llama";
    private static readonly int[] s_invocation = [11, 12, 13];

    [Fact]
    public async Task BlocksBeforeTheInvocation_ComeFromTheBaseModel_AndGoBackToIt()
    {
        using var written = Adapter();
        var adapter = written.Write();
        await using var engine = await OpenAsync(prefixCache: true);
        await using var cold = await OpenAsync(prefixCache: false);
        int[] shared = [.. Enumerable.Range(0, 64).Select(i => 20 + (i * 7 % 200))];
        _ = await AnswerAsync(engine, null, shared);

        int[] invoked = [.. shared, 21, 22, .. s_invocation, 30, 31];
        var (answer, cached) = await AnswerAsync(engine, adapter, invoked);
        Assert.Equal(64, cached);
        Assert.Equal((await AnswerAsync(cold, adapter, invoked)).Answer, answer);

        // What the adapter's request computed before its invocation serves the base model.
        int[] other = [.. Enumerable.Range(0, 48).Select(i => 220 + (i * 5 % 90)), .. s_invocation];
        _ = await AnswerAsync(engine, adapter, other);
        Assert.Equal(48, (await AnswerAsync(engine, null, [.. other, 9])).Cached);
        engine.CheckIntegrity();
    }

    [Fact]
    public async Task BlocksAfterTheInvocation_AreSharedOnlyWhereItBeganAtTheSamePlace()
    {
        using var written = Adapter();
        var adapter = written.Write();
        await using var engine = await OpenAsync(prefixCache: true);
        await using var cold = await OpenAsync(prefixCache: false);
        int[] early = [.. Enumerable.Range(0, 20).Select(i => 40 + i), .. s_invocation, .. Enumerable.Range(0, 60).Select(i => 100 + i)];
        _ = await AnswerAsync(engine, adapter, early);
        Assert.Equal(80, (await AnswerAsync(engine, adapter, early)).Cached);

        // The same tokens, but the adapter begins to act at a later occurrence: of the old blocks only the one before both is right.
        int[] late = [.. early, .. s_invocation, 7];
        var (answer, cached) = await AnswerAsync(engine, adapter, late);
        Assert.Equal(16, cached);
        Assert.Equal((await AnswerAsync(cold, adapter, late)).Answer, answer);
        Assert.NotEqual((await AnswerAsync(cold, null, late)).Answer, answer);
    }

    private static Adapters.WrittenAdapter Adapter()
    {
        var random = new Random(5);
        return new Adapters.WrittenAdapter("q_proj")
            .With("alora_invocation_tokens", new System.Text.Json.Nodes.JsonArray([.. s_invocation.Select(token => (System.Text.Json.Nodes.JsonNode)token)]))
            .With("lora_alpha", 4)
            .WithLora(Model, "model.layers.0.self_attn.q_proj", random)
            .WithLora(Model, "model.layers.1.self_attn.q_proj", random);
    }

    private static Task<InferenceEngine> OpenAsync(bool prefixCache) => InferenceEngine.OpenAsync(new EngineOptions
    {
        ModelPath = Path.Combine(Fixtures.Own, "families", Model),
        ContextLength = 256,
        PrefixCache = prefixCache,
    });

    private static async Task<(string Answer, int Cached)> AnswerAsync(InferenceEngine engine, string? adapter, int[] prompt)
    {
        AdapterLease? lease = null;
        if (adapter is not null)
        {
            var version = await engine.LoadAdapterAsync(adapter);
            Assert.True(engine.TryAcquireAdapter(version.Digest, out lease));
        }

        var generation = engine.Generate(new GenerationRequest
        {
            PromptTokens = prompt,
            Adapter = lease,
            MaxTokens = 6,
            IgnoreEndOfSequence = true,
            LogProbabilities = 3,
            Sampling = SamplingOptions.Greedy,
        });
        var answer = "";
        await foreach (var token in generation)
        {
            answer += $"{token.Id}:{string.Join(',', token.LogProbabilities!.Top.Select(top => BitConverter.SingleToInt32Bits(top.Value)))} ";
        }

        return (answer, generation.CachedPromptTokens);
    }
}
