using Patchbay.Engine.Checkpoints.Safetensors;

namespace Patchbay.Engine.Tests.Golden;

/// <summary>Logits and greedy tokens of small random models, with and without a LoRA, against transformers and PEFT.</summary>
public sealed class FamilyGoldenTests
{
    public static TheoryData<string> Families =>
    [
        "apertus",
        "arcee",
        "bamba",
        "bloom",
        "cohere",
        "cohere2",
        "deepseek_v2",
        "deepseek_v3",
        "dots1",
        "ernie4_5",
        "ernie4_5_moe",
        "exaone4",
        "falcon",
        "falcon_h1",
        "falcon_new",
        "gemma",
        "gemma2",
        "gemma3_text",
        "glm",
        "glm4",
        "gpt2",
        "gpt_neox",
        "gpt_oss",
        "granite",
        "granitemoe",
        "helium",
        "hunyuan_v1_dense",
        "lfm2",
        "llama",
        "llama_biases",
        "llama_rope_dynamic",
        "llama_rope_linear",
        "llama_rope_llama3",
        "llama_rope_yarn",
        "llama_tied_head_dim",
        "mamba",
        "minimax",
        "mistral",
        "mixtral",
        "nemotron",
        "olmo",
        "olmo2",
        "olmo3",
        "opt",
        "phi",
        "phi3",
        "phi3_plain",
        "qwen2",
        "qwen2_moe",
        "qwen3",
        "qwen3_moe",
        "qwen3_next",
        "seed_oss",
        "smollm3",
        "stablelm",
        "starcoder2",
    ];

    [Theory]
    [MemberData(nameof(Families))]
    public async Task EveryCase_EqualsTransformers(string family)
    {
        var folder = Path.Combine(Fixtures.Own, "families", family);
        await CheckAsync(folder, folder, golden => true);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public async Task OldSpelling_IsTheSameModel(string family)
    {
        var folder = Path.Combine(Fixtures.Own, "families", family);
        Assert.SkipUnless(File.Exists(Path.Combine(folder, "config.v4.json")), "Both versions write this family's configuration alike.");
        var old = Directory.CreateTempSubdirectory("patchbay-test-");
        try
        {
            foreach (var file in Directory.EnumerateFiles(folder, "model*"))
            {
                File.Copy(file, Path.Combine(old.FullName, Path.GetFileName(file)));
            }

            File.Copy(Path.Combine(folder, "config.v4.json"), Path.Combine(old.FullName, "config.json"));
            await CheckAsync(old.FullName, folder, golden => golden.Adapters.Count == 0);
        }
        finally
        {
            old.Delete(recursive: true);
        }
    }

    private static async Task CheckAsync(string model, string folder, Func<GoldenCase, bool> isWanted)
    {
        using var expected = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        await using var engine = await InferenceEngine.OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = model, ContextLength = 512 });
        var cases = GoldenCase.Read(folder).Where(isWanted).ToList();
        Assert.NotEmpty(cases);
        foreach (var golden in cases)
        {
            AdapterDigest? adapter = golden.Adapters.Count == 0
                ? null
                : (await engine.LoadAdapterAsync(Path.Combine(Fixtures.Own, golden.Adapters[0].Path))).Digest;
            var answer = await GoldenAnswer.ComputeAsync(engine, golden, adapter);
            var difference = answer.LargestDifference(golden, expected);
            Assert.True(difference <= golden.Tolerance, $"{golden.Name}: logits differ by {difference}, tolerance {golden.Tolerance}.");
            Assert.Equal(golden.Greedy, answer.Greedy);
        }
    }
}
