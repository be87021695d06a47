using System.Text.Json.Nodes;

namespace Patchbay.Engine.Tests.Adapters;

/// <summary>Values that take the place of the base model's: put back as they were, they change no bit.</summary>
public sealed class ReplacedValueTests
{
    [Theory]
    [InlineData("gemma", "model.layers.0.self_attn.q_proj", "model.norm", "model.norm.weight")]
    [InlineData("gemma3_text", "model.layers.0.self_attn.q_proj", "q_norm", "model.layers.{0}.self_attn.q_norm.weight")]
    [InlineData("gpt2", "transformer.h.0.attn.c_attn", "ln_f", "transformer.ln_f.weight", "transformer.ln_f.bias")]
    [InlineData("nemotron", "model.layers.0.self_attn.q_proj", "model.norm", "model.norm.weight", "model.norm.bias")]
    [InlineData("gpt2", "transformer.h.1.attn.c_attn", "h.0.mlp.c_fc", "transformer.h.0.mlp.c_fc.weight", "transformer.h.0.mlp.c_fc.bias")]
    public async Task SavedModuleWithTheBasesOwnValues_ChangesNothing(
        string model, string target, string saved, params string[] tensors)
    {
        using var loaded = Checkpoints(model);
        using var adapter = new WrittenAdapter(target).With("modules_to_save", new JsonArray(saved));
        var weight = loaded.Model.Modules.Find(target)!.Weight;
        adapter.WithTensor($"{target}.lora_A.weight", [1, weight.Columns]).WithTensor($"{target}.lora_B.weight", [weight.Rows, 1]);
        foreach (var tensor in tensors)
        {
            for (var layer = 0; layer < (tensor.Contains('{', StringComparison.Ordinal) ? loaded.Model.Config.LayerCount : 1); layer++)
            {
                adapter.WithBaseTensor(model, tensor.Replace("{0}", $"{layer}", StringComparison.Ordinal));
            }
        }

        await using var engine = await InferenceEngine.OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = ModelPath(model) });
        var version = await engine.LoadAdapterAsync(adapter.Write());
        Assert.Equal(await LogitsAsync(engine, null), await LogitsAsync(engine, version.Digest));
    }

    [Fact]
    public void WeightOfATarget_MayBeReplaced_AndCostsNothingIfItIsTheBases()
    {
        const string Target = "model.layers.0.self_attn.q_proj";
        using var adapter = new WrittenAdapter(Target)
            .WithTensor($"{Target}.lora_A.weight", [1, 48]).WithTensor($"{Target}.lora_B.weight", [48, 1])
            .WithBaseTensor("llama", "model.layers.0.self_attn.q_proj.weight", $"{Target}.base_layer.weight");
        using var model = Checkpoints("llama");
        var path = adapter.With("target_modules", new JsonArray(Target)).Write();
        using var loaded = Engine.Adapters.LoraAdapterReader.Read(path, model.Model.Modules);
        Assert.Null(Assert.Single(loaded.Changes).Weight);
    }

    [Fact]
    public void EmbeddingAndHeadThatShouldBeTiedButDiffer_AreRefused()
    {
        const string Embedding = "model.embed_tokens";
        using var model = Checkpoints("llama_tied_head_dim");
        var (rows, width) = (model.Model.Config.VocabularySize, model.Model.Config.HiddenSize);
        using var adapter = new WrittenAdapter(Embedding).With("ensure_weight_tying", true)
            .WithTensor($"{Embedding}.lora_embedding_A", [1, rows], i => i).WithTensor($"{Embedding}.lora_embedding_B", [width, 1], i => i)
            .WithTensor("lm_head.lora_A.weight", [1, width], i => i).WithTensor("lm_head.lora_B.weight", [rows, 1], i => i == 5 ? 6 : i);
        var path = adapter.Write();
        var refusal = Assert.Throws<AdapterRefusedException>(() => Engine.Adapters.LoraAdapterReader.Read(path, model.Model.Modules));
        Assert.Contains("ensure_weight_tying", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("lm_head.lora_B.weight", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HeadOfAnotherVocabularyThanTheEmbedding_IsRefused()
    {
        const string Target = "model.layers.0.self_attn.q_proj";
        using var model = Checkpoints("llama");
        using var adapter = new WrittenAdapter(Target)
            .WithTensor($"{Target}.lora_A.weight", [1, 48]).WithTensor($"{Target}.lora_B.weight", [48, 1])
            .WithTensor("model.embed_tokens.weight", [330, 48]).WithTensor("lm_head.weight", [328, 48]);
        var path = adapter.Write();
        var refusal = Assert.Throws<AdapterRefusedException>(() => Engine.Adapters.LoraAdapterReader.Read(path, model.Model.Modules));
        Assert.Contains("330 and 328", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RepeatedLayersInLittleMemory_PreemptAndChangeNothing()
    {
        var model = ModelPath("llama");
        var adapter = Path.Combine(Fixtures.Own, "peft", "layer_replication", "adapter");
        await using var roomy = await InferenceEngine.OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = model });
        using var loaded = Checkpoints("llama");
        var shapes = loaded.Model.KvShapes.Sum(shape => Engine.KvCache.KvStore.BytesPerBlock(shape, KvFormat.F32));
        await using var tight = await InferenceEngine.OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = model, KvCacheBytes = shapes * 12, MaxBatchTokens = 16 });
        var digest = (await tight.LoadAdapterAsync(adapter)).Digest;
        await roomy.LoadAdapterAsync(adapter);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => LogitsAsync(tight, i % 2 == 0 ? digest : null)));
        for (var i = 0; i < answers.Length; i++)
        {
            Assert.Equal(await LogitsAsync(roomy, i % 2 == 0 ? digest : null), answers[i]);
        }

        Assert.True(tight.Statistics.Preemptions > 0);
        tight.CheckIntegrity();
        Assert.True(tight.TryAcquireAdapter(digest, out var lease));
        var refusal = Assert.Throws<RequestRefusedException>(() =>
            tight.Generate(new GenerationRequest { PromptTokens = new int[100], Adapter = lease }));
        Assert.Equal(RequestRefusal.PromptTooLong, refusal.Reason);
    }

    private static string ModelPath(string model) => Path.Combine(Fixtures.Own, "families", model);

    private static Engine.Models.LoadedModel Checkpoints(string model) => Engine.Models.LoadedModel.Open(ModelPath(model));

    private static async Task<int[]> LogitsAsync(InferenceEngine engine, AdapterDigest? adapter)
    {
        AdapterLease? lease = null;
        Assert.True(adapter is null || engine.TryAcquireAdapter(adapter.Value, out lease));
        var bits = new List<int>();
        await foreach (var token in engine.Generate(new GenerationRequest
        {
            PromptTokens = Enumerable.Range(3, 30).ToArray(),
            Adapter = lease,
            MaxTokens = 20,
            IgnoreEndOfSequence = true,
            LogProbabilities = 5,
            Sampling = SamplingOptions.Greedy,
        }))
        {
            bits.Add(token.Id);
            bits.AddRange(token.LogProbabilities!.Top.Select(top => BitConverter.SingleToInt32Bits(top.Value)));
        }

        return [.. bits];
    }
}
