using System.Text.Json;
using Patchbay.Engine.Checkpoints.Safetensors;

namespace Patchbay.Engine.Tests.Golden;

/// <summary>A real chat model from a GGUF file (Q4_1 and Q8_0, computed exactly) with four PEFT adapters against transformers and PEFT.</summary>
public sealed class SmolLm2GoldenTests
{
    // transformers' float32 rounding of a 30-layer model; logits lie between -20 and 30.
    private const float Tolerance = 2e-3f;

    private static string Folder => Fixtures.Models is { } models && Directory.Exists(Path.Combine(models, "smollm2-135m-instruct"))
        ? Path.Combine(models, "smollm2-135m-instruct")
        : SkipFolder();

    private static string SkipFolder()
    {
        Assert.Skip("SmolLM2-135M-Instruct is not on this machine: set PATCHBAY_MODELS to the folder that holds it.");
        return string.Empty;
    }

    [Fact]
    public async Task EveryReferenceCase_GivesTheRecordedTokens()
    {
        await using var engine = await InferenceEngine.OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = Path.Combine(Folder, "SmolLM2-135M-Instruct.Q4_1.gguf") });
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Folder, "reference.json")));
        var cases = json.RootElement.GetProperty("cases").EnumerateArray().ToList();
        Assert.Equal(60, cases.Count);
        await Task.WhenAll(cases.Select(golden => CheckAsync(engine, golden)));
        Assert.Equal(0, engine.Statistics.ActiveLeases);
    }

    [Fact]
    public async Task LastPositionsOfAPrompt_HaveTheReferenceLogits()
    {
        await using var engine = await InferenceEngine.OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = Path.Combine(Folder, "SmolLM2-135M-Instruct.Q4_1.gguf") });
        using var reference = SafetensorsFile.Open(Path.Combine(Folder, "reference.safetensors"));
        var prompt = Prompt(reference);
        foreach (var name in new[] { "base", "medical", "finance", "education", "pirate" })
        {
            var expected = reference.Tensors[$"{name}.logits"];
            var rows = (int)expected.Shape[0];
            var largest = 0f;
            await foreach (var token in engine.Generate(new GenerationRequest
            {
                PromptTokens = prompt,
                Adapter = await LeaseAsync(engine, name),
                MaxTokens = 1,
                PromptLogits = (position, row) => largest = MathF.Max(largest, Difference(expected, position - prompt.Length + rows, row)),
            }))
            {
            }

            Assert.True(largest <= Tolerance, $"{name}: logits differ by {largest}.");
        }
    }

    private static unsafe int[] Prompt(SafetensorsFile reference)
    {
        var tensor = reference.Tensors["input_ids"];
        return tensor.Type == Tensors.ElementType.I64
            ? [.. new ReadOnlySpan<long>(tensor.Pointer, (int)tensor.Count).ToArray().Select(id => (int)id)]
            : new ReadOnlySpan<int>(tensor.Pointer, (int)tensor.Count).ToArray();
    }

    private static unsafe float Difference(Tensors.TensorView expected, int row, ReadOnlySpan<float> logits)
    {
        var largest = 0f;
        for (var i = 0; row >= 0 && i < logits.Length; i++)
        {
            largest = MathF.Max(largest, MathF.Abs(logits[i] - ((float*)expected.Pointer)[(row * logits.Length) + i]));
        }

        return largest;
    }

    private static async Task<AdapterLease?> LeaseAsync(InferenceEngine engine, string? name)
    {
        if (name is null or "base")
        {
            return null;
        }

        var version = await engine.LoadAdapterAsync(Path.Combine(Folder, "adapters", name));
        Assert.True(engine.TryAcquireAdapter(version.Digest, out var lease));
        return lease;
    }

    private static async Task CheckAsync(InferenceEngine engine, JsonElement golden)
    {
        var expected = golden.GetProperty("answer_ids").EnumerateArray().Select(item => item.GetInt32()).ToArray();
        var tokens = new List<int>();
        await foreach (var token in engine.Generate(new GenerationRequest
        {
            PromptTokens = golden.GetProperty("prompt_ids").EnumerateArray().Select(item => item.GetInt32()).ToArray(),
            Adapter = await LeaseAsync(engine, golden.GetProperty("adapter").GetString()),
            MaxTokens = expected.Length,
            Sampling = SamplingOptions.Greedy,
        }))
        {
            tokens.Add(token.Id);
        }

        Assert.Equal(expected, tokens);
    }
}
