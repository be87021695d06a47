using Patchbay.Engine.Checkpoints.Safetensors;

namespace Patchbay.Engine.Tests.Golden;

/// <summary>Adapters with one option of PEFT's LoraConfig each: applied exactly.</summary>
public sealed class PeftGoldenTests
{
    public static TheoryData<string> Applied =>
    [
        "alpha_float", "config_minimal", "dora", "dora_biased_base", "dora_old_keys", "dora_rslora_patterns", "dropout", "dtype_bfloat16",
        "dtype_bfloat16_dora", "dtype_float16", "dtype_float64", "exclude_list", "exclude_regex", "init_gaussian", "init_mica", "init_olora_converted",
        "init_orthogonal", "init_pissa_converted", "layers_to_transform", "lm_head", "dora_lm_head", "no_task_type", "pattern_order", "qalora_flag",
        "rank_above_width", "rank_alpha", "rank_alpha_pattern", "rank_one", "rslora", "rslora_patterns", "target_default", "target_regex",
        "target_suffixes", "tied_lm_head",
    ];

    [Theory]
    [MemberData(nameof(Applied))]
    public async Task EveryCase_EqualsPeft(string option)
    {
        var folder = Path.Combine(Fixtures.Own, "peft", option);
        using var expected = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        foreach (var golden in GoldenCase.Read(folder))
        {
            await using var engine = await InferenceEngine.OpenAsync(
                new EngineOptions { ModelPath = Path.Combine(Fixtures.Own, golden.Base), ContextLength = 512 });
            var version = await engine.LoadAdapterAsync(Path.Combine(Fixtures.Own, Assert.Single(golden.Adapters).Path));
            var answer = await GoldenAnswer.ComputeAsync(engine, golden, version.Digest);
            var difference = answer.LargestDifference(golden, expected);
            Assert.True(difference <= golden.Tolerance, $"{golden.Name}: logits differ by {difference}, tolerance {golden.Tolerance}.");
            Assert.Equal(golden.Greedy, answer.Greedy);
        }
    }
}
