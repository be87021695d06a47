using System.Text.Json;

namespace Patchbay.Engine.Tests.Golden;

/// <summary>
/// What packing costs: the Kullback-Leibler divergence of the next-token distribution from the one of exact weights and float32
/// activations, averaged over all positions of real prompts, and how often both choose the same token.
/// </summary>
public sealed class PackedQualityTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(WeightFormat.Q8, 1e-3)]
    [InlineData(WeightFormat.Q4, 0.2)]
    public async Task Demo_StaysCloseToFloat32(WeightFormat weights, double limit)
    {
        var demo = Path.Combine(Fixtures.Repository, "demo");
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(demo, "eval", "golden.json")));
        var prompts = json.RootElement.GetProperty("cases").EnumerateArray().Select(item => Numbers(item.GetProperty("prompt_ids"))).ToList();
        await CheckAsync(Path.Combine(demo, "base"), weights, prompts, limit);
    }

    // Its activations are harder to hold in eight bits than the demo's: no layer stands out, and llama.cpp, which quantises them alike,
    // is as far away with the same weights (bench/results). Auto computes with the exact weights of the file, so that its
    // figure is what the activations cost.
    [Theory]
    [InlineData(WeightFormat.Auto, 7e-3)]
    [InlineData(WeightFormat.Q8, 1.2e-2)]
    public async Task SmolLm2_StaysCloseToFloat32(WeightFormat weights, double limit)
    {
        var folder = Path.Combine(Fixtures.Models ?? "", "smollm2-135m-instruct");
        Assert.SkipUnless(Directory.Exists(folder), "SmolLM2-135M-Instruct is not on this machine: set PATCHBAY_MODELS to the folder that holds it.");
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(folder, "reference.json")));
        var prompts = json.RootElement.GetProperty("cases").EnumerateArray()
            .Select(item => (int[])[.. Numbers(item.GetProperty("prompt_ids")), .. Numbers(item.GetProperty("answer_ids"))])
            .Take(12)
            .ToList();
        await CheckAsync(Path.Combine(folder, "SmolLM2-135M-Instruct.Q4_1.gguf"), weights, prompts, limit);
    }

    private async Task CheckAsync(string model, WeightFormat weights, List<int[]> prompts, double limit)
    {
        var options = new EngineOptions { ModelPath = model, ContextLength = 1024, Weights = WeightFormat.Native, WeightCache = false };
        await using var exact = await InferenceEngine.OpenAsync(options);
        await using var packed = await InferenceEngine.OpenAsync(options with { Weights = weights });
        var (sum, same, count) = (0.0, 0, 0);
        foreach (var prompt in prompts)
        {
            var expected = await LogitsAsync(exact, prompt);
            var found = await LogitsAsync(packed, prompt);
            for (var i = 0; i < prompt.Length; i++)
            {
                sum += Divergence(expected[i], found[i]);
                same += Best(expected[i]) == Best(found[i]) ? 1 : 0;
                count++;
            }
        }

        output.WriteLine($"{Path.GetFileName(model)} {weights}: mean KL {sum / count:e2}, same best token {100.0 * same / count:f2} % of {count}");
        Assert.InRange(sum / count, 0, limit);
        Assert.True(count > 300);
    }

    private static async Task<float[][]> LogitsAsync(InferenceEngine engine, int[] prompt)
    {
        var rows = new float[prompt.Length][];
        await foreach (var token in engine.Generate(new GenerationRequest
        {
            PromptTokens = prompt,
            MaxTokens = 1,
            PromptLogits = (position, row) => rows[position] = row.ToArray(),
        }))
        {
        }

        return rows;
    }

    private static int Best(float[] logits) => Array.IndexOf(logits, logits.Max());

    private static double Divergence(float[] expected, float[] found)
    {
        var (p, q) = (LogSum(expected), LogSum(found));
        var sum = 0.0;
        for (var i = 0; i < expected.Length; i++)
        {
            sum += Math.Exp(expected[i] - p) * (expected[i] - p - (found[i] - q));
        }

        return sum;
    }

    private static double LogSum(float[] logits)
    {
        var largest = logits.Max();
        return largest + Math.Log(logits.Sum(logit => Math.Exp(logit - largest)));
    }

    private static int[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetInt32())];
}
