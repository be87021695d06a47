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
    /// <summary>The logits' bits, all rows one after the other.</summary>
    public int[] Bits => [.. Logits.SelectMany(row => row.Select(BitConverter.SingleToInt32Bits))];

    public static Task<GoldenAnswer> ComputeAsync(InferenceEngine engine, GoldenCase golden, AdapterDigest? adapter)
    {
        AdapterLease? lease = null;
        Assert.True(adapter is null || engine.TryAcquireAdapter(adapter.Value, out lease));
        return ComputeAsync(engine, golden, new GenerationRequest { PromptTokens = golden.Input, Adapter = lease });
    }

    /// <summary>With the adapters that the case names, loaded onto the engine.</summary>
    public static async Task<GoldenAnswer> ComputeAsync(InferenceEngine engine, GoldenCase golden) => await ComputeAsync(
        engine, golden, new GenerationRequest { PromptTokens = golden.Input, Adapters = await LeaseAsync(engine, golden) });

    public static async Task<IReadOnlyList<AdapterWeight>> LeaseAsync(InferenceEngine engine, GoldenCase golden)
    {
        var leases = new List<AdapterWeight>();
        foreach (var (path, weight) in golden.Adapters)
        {
            var version = await engine.LoadAdapterAsync(Path.Combine(Fixtures.Own, path));
            Assert.True(engine.TryAcquireAdapter(version.Digest, out var lease));
            leases.Add(new AdapterWeight(lease, (float)weight));
        }

        return leases;
    }

    private static async Task<GoldenAnswer> ComputeAsync(InferenceEngine engine, GoldenCase golden, GenerationRequest request)
    {
        var rows = new float[golden.Input.Length][];
        var generation = engine.Generate(request with
        {
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
