using CsCheck;

namespace Patchbay.Engine.Tests.Golden;

/// <summary>
/// Batch invariance as a property: whatever requests meet in a batch, each gets the bits that it gets alone. Draws families,
/// adapters, prompts, chunks, threads, sampling and the prefix cache; PATCHBAY_NIGHTLY=1 draws more.
/// </summary>
public sealed class RandomBatchTests
{
    // Plain and windowed attention, experts, latent attention, recurrent layers, learned positions, lengths that change angles.
    private static readonly string[] s_families =
        ["llama", "gemma2", "qwen3_moe", "deepseek_v3", "falcon_h1", "qwen3_next", "gpt2", "gpt_oss", "llama_rope_dynamic", "cohere2"];

    private static readonly int[] s_chunks = [1, 3, 16, 17, 64, 512];

    private static readonly Gen<Draw> s_request = Gen.Select(
        Gen.Bool, Gen.Int[4, 319].Array[1, 90], Gen.Int[0, 40], Gen.Int[1, 10], Gen.Int[0, 3], Gen.Int[0, 1000],
        (isAdapted, tokens, shared, length, temperature, seed) => new Draw(isAdapted, tokens, shared, length, 0.5f * temperature, seed));

    private static readonly Gen<Batch> s_batch = Gen.Select(
        Gen.Int[0, s_families.Length - 1], s_request.Array[1, 8], Gen.Int[0, s_chunks.Length - 1], Gen.Int[1, 3], Gen.Bool, Gen.Enum<KvFormat>(),
        (family, requests, chunk, threads, hasPrefixCache, kv) =>
            new Batch(s_families[family], requests, s_chunks[chunk], threads, hasPrefixCache, kv));

    [Fact]
    public async Task AnyBatch_GivesEachRequestTheBitsItGetsAlone()
    {
        var isNightly = Environment.GetEnvironmentVariable("PATCHBAY_NIGHTLY") == "1";
        await s_batch.SampleAsync(CheckAsync, iter: isNightly ? 5000 : -1, time: isNightly ? -1 : 8, threads: 1, print: Describe);
    }

    private static async Task CheckAsync(Batch batch)
    {
        var folder = Path.Combine(Fixtures.Own, "families", batch.Family);
        var expected = new List<(int[] Tokens, int[] LogProbabilities)>();
        await using (var alone = await OpenAsync(batch with { Chunk = 512, Threads = 1, HasPrefixCache = false }, folder))
        {
            foreach (var request in batch.Requests)
            {
                expected.Add(await AnswerAsync(alone, folder, request));
            }
        }

        await using var engine = await OpenAsync(batch, folder);
        var answers = await Task.WhenAll(batch.Requests.Select(request => AnswerAsync(engine, folder, request)));
        for (var i = 0; i < answers.Length; i++)
        {
            Assert.Equal(expected[i].Tokens, answers[i].Tokens);
            Assert.Equal(expected[i].LogProbabilities, answers[i].LogProbabilities);
        }

        engine.CheckIntegrity();
        Assert.Equal(0, engine.Statistics.ActiveLeases);
    }

    private static Task<InferenceEngine> OpenAsync(Batch batch, string folder) => InferenceEngine.OpenAsync(new EngineOptions
    {
        Weights = WeightFormat.Native,
        ModelPath = folder,
        ContextLength = 256,
        MaxBatchTokens = batch.Chunk,
        ThreadCount = batch.Threads,
        PrefixCache = batch.HasPrefixCache,
        KvCache = batch.Kv,
    });

    private static async Task<(int[] Tokens, int[] LogProbabilities)> AnswerAsync(InferenceEngine engine, string folder, Draw request)
    {
        AdapterLease? lease = null;
        if (request.IsAdapted)
        {
            var version = await engine.LoadAdapterAsync(Path.Combine(folder, "lora"));
            Assert.True(engine.TryAcquireAdapter(version.Digest, out lease));
        }

        var (tokens, logProbabilities) = (new List<int>(), new List<int>());
        await foreach (var token in engine.Generate(new GenerationRequest
        {
            // Prompts that begin alike meet in the prefix cache.
            PromptTokens = Enumerable.Range(0, request.Shared).Select(i => 4 + (i * 7 % 300)).Concat(request.Tokens).ToArray(),
            Adapter = lease,
            MaxTokens = request.Length,
            IgnoreEndOfSequence = true,
            LogProbabilities = 5,
            Sampling = new SamplingOptions { Temperature = request.Temperature, TopP = 0.9f, Seed = (ulong)request.Seed },
        }))
        {
            tokens.Add(token.Id);
            logProbabilities.AddRange(token.LogProbabilities!.Top.Select(top => BitConverter.SingleToInt32Bits(top.Value)));
        }

        return ([.. tokens], [.. logProbabilities]);
    }

    private static string Describe(Batch batch) =>
        $"{batch.Family}, chunk {batch.Chunk}, {batch.Threads} threads, prefix cache {batch.HasPrefixCache}, {batch.Kv}: "
        + string.Join("; ", batch.Requests.Select(request =>
            $"{(request.IsAdapted ? "adapter" : "base")} {request.Shared}+[{string.Join(",", request.Tokens)}] {request.Length} at {request.Temperature} seed {request.Seed}"));

    private sealed record Draw(bool IsAdapted, int[] Tokens, int Shared, int Length, float Temperature, int Seed);

    private sealed record Batch(string Family, Draw[] Requests, int Chunk, int Threads, bool HasPrefixCache, KvFormat Kv);
}
