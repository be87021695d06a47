using System.Text.Json;
using Patchbay.Engine.Checkpoints.Safetensors;

namespace Patchbay.Engine.Tests.Golden;

/// <summary>One case of a cases.json, in the format of tests/fixtures/README.md.</summary>
internal sealed record GoldenCase(
    string Name, string Base, IReadOnlyList<(string Path, double Weight)> Adapters, int[] Input, int[]? Positions, int[] Greedy, float Tolerance, string Expected)
{
    public static IReadOnlyList<GoldenCase> Read(string folder)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "cases.json")));
        return [.. json.RootElement.EnumerateArray().Select(Read)];
    }

    private static GoldenCase Read(JsonElement json) => new(
        json.GetProperty("name").GetString()!,
        json.GetProperty("base").GetString()!,
        [.. json.GetProperty("adapters").EnumerateArray().Select(adapter => (adapter.GetProperty("path").GetString()!, adapter.GetProperty("weight").GetDouble()))],
        Numbers(json.GetProperty("input_ids")),
        json.TryGetProperty("positions", out var positions) ? Numbers(positions) : null,
        Numbers(json.GetProperty("greedy")),
        json.GetProperty("tolerance").GetSingle(),
        json.GetProperty("expected").GetString()!.Split('#')[1]);

    private static int[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetInt32())];
}

/// <summary>What the engine answers to a case.</summary>
/// <param name="Logits">One row per prompt position.</param>
/// <param name="Greedy">The tokens after the prompt.</param>
internal sealed record GoldenAnswer(float[][] Logits, int[] Greedy)
{
    public static async Task<GoldenAnswer> ComputeAsync(InferenceEngine engine, GoldenCase golden, AdapterDigest? adapter)
    {
        var rows = new float[golden.Input.Length][];
        AdapterLease? lease = null;
        Assert.True(adapter is null || engine.TryAcquireAdapter(adapter.Value, out lease));
        var generation = engine.Generate(new GenerationRequest
        {
            PromptTokens = golden.Input,
            Adapter = lease,
            MaxTokens = golden.Greedy.Length,
            IgnoreEndOfSequence = true,
            Sampling = SamplingOptions.Greedy,
            PromptLogits = (position, row) => rows[position] = row.ToArray(),
        });
        var tokens = new List<int>();
        await foreach (var token in generation)
        {
            tokens.Add(token.Id);
        }

        return new GoldenAnswer(rows, [.. tokens]);
    }

    /// <summary>Largest absolute difference to the expected logits.</summary>
    public unsafe float LargestDifference(GoldenCase golden, SafetensorsFile expected)
    {
        var tensor = expected.Tensors[golden.Expected];
        var (count, width) = ((int)tensor.Shape[0], (int)tensor.Shape[1]);
        var largest = 0f;
        for (var i = 0; i < count; i++)
        {
            var row = Logits[golden.Positions?[i] ?? i];
            Assert.Equal(width, row.Length);
            for (var j = 0; j < width; j++)
            {
                var difference = MathF.Abs(row[j] - ((float*)tensor.Pointer)[(i * width) + j]);
                largest = float.IsNaN(difference) ? float.PositiveInfinity : MathF.Max(largest, difference);
            }
        }

        return largest;
    }
}
