using Patchbay.Engine.Checkpoints.Safetensors;

namespace Patchbay.Engine.Tests.Golden;

/// <summary>Adapters on experts and on single parameters, as PEFT stores them now and before transformers 5.</summary>
public sealed class ExpertAdapterTests
{
    public static TheoryData<string> Options =>
    [
        "mla", "moe_all_linear", "moe_list", "moe_shared_expert", "moe_v4_mixtral", "moe_v4_qwen3_moe", "parameters_gpt_oss", "parameters_gpt_oss_down", "parameters_mixtral",
        "parameters_mixtral_down", "parameters_mixtral_gate_up", "parameters_of_linear", "parameters_qwen3_moe", "parameters_router",
    ];

    [Theory]
    [MemberData(nameof(Options))]
    public async Task EveryCase_EqualsPeft(string option)
    {
        var folder = Path.Combine(Fixtures.Own, "peft", option);
        using var expected = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        foreach (var golden in GoldenCase.Read(folder))
        {
            await using var engine = await InferenceEngine.OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = Path.Combine(Fixtures.Own, golden.Base) });
            var adapter = await engine.LoadAdapterAsync(Path.Combine(Fixtures.Own, golden.Adapters[0].Path));
            var answer = await GoldenAnswer.ComputeAsync(engine, golden, adapter.Digest);
            Assert.InRange(answer.LargestDifference(golden, expected), 0, golden.Tolerance);
            Assert.Equal(golden.Greedy, answer.Greedy);
        }
    }

    [Fact]
    public async Task UnknownParameter_IsRefusedByName()
    {
        await using var engine = await InferenceEngine.OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = Path.Combine(Fixtures.Own, "families", "llama") });
        var refusal = await Assert.ThrowsAsync<AdapterRefusedException>(
            () => engine.LoadAdapterAsync(Path.Combine(Fixtures.Own, "refuse", "config_unknown_parameter")));
        Assert.Contains("target_parameters", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("mlp.experts.gate_up_proj", refusal.Message, StringComparison.Ordinal);
    }
}
