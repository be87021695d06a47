using Patchbay.Engine.Checkpoints.Safetensors;

namespace Patchbay.Engine.Tests.Golden;

/// <summary>Adapters with one option of PEFT's LoraConfig each: applied exactly.</summary>
public sealed class PeftGoldenTests
{
    // Routing between adapters is no property of one adapter and no weighted sum; the request cannot express it.
    private const string NotApplied = "arrow";

    public static TheoryData<string> Options =>
        [.. Directory.GetDirectories(Path.Combine(Fixtures.Own, "peft")).Select(folder => Path.GetFileName(folder)).Where(name => name != NotApplied).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Options))]
    public async Task EveryCase_EqualsPeft(string option)
    {
        var folder = Path.Combine(Fixtures.Own, "peft", option);
        using var expected = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        foreach (var golden in GoldenCase.Read(folder))
        {
            await using var engine = await InferenceEngine.OpenAsync(
                new EngineOptions { Weights = WeightFormat.Native, ModelPath = Path.Combine(Fixtures.Own, golden.Base), ContextLength = 512 });
            var version = await engine.LoadAdapterAsync(Path.Combine(Fixtures.Own, Assert.Single(golden.Adapters).Path));
            var answer = await GoldenAnswer.ComputeAsync(engine, golden, version.Digest);
            var difference = answer.LargestDifference(golden, expected);
            Assert.True(difference <= golden.Tolerance, $"{golden.Name}: logits differ by {difference}, tolerance {golden.Tolerance}.");
            Assert.Equal(golden.Greedy, answer.Greedy);
            engine.CheckIntegrity();
        }
    }
}
