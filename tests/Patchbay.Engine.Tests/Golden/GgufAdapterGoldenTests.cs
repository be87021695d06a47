using Patchbay.Engine.Checkpoints.Safetensors;
using Patchbay.Engine.Tensors;
using Patchbay.Engine.Tests.Checkpoints.Gguf;

namespace Patchbay.Engine.Tests.Golden;

/// <summary>Adapters as llama.cpp's converter writes them: the same answers as the PEFT adapters that they were made from.</summary>
public sealed class GgufAdapterGoldenTests
{
    private static readonly (string Module, string Gguf)[] s_parts =
    [
        ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"), ("self_attn.o_proj", "attn_output"),
        ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down"),
    ];

    [Theory]
    [InlineData("llama", "llama", 12)]
    [InlineData("qwen2", "qwen2", 0)]
    [InlineData("qwen3", "qwen3", 0)]
    public async Task ConvertedAdapter_AnswersLikeTheOriginal(string family, string architecture, int pairedHeadDim)
    {
        var folder = Path.Combine(Fixtures.Own, "families", family);
        var adapter = Directory.CreateTempSubdirectory("patchbay-test-");
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(adapter.FullName, "lora.gguf"), Convert(Path.Combine(folder, "lora"), architecture, pairedHeadDim));
            using var expected = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
            await using var engine = await InferenceEngine.OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = folder, ContextLength = 512 });
            var version = await engine.LoadAdapterAsync(adapter.FullName);
            foreach (var golden in GoldenCase.Read(folder).Where(golden => golden.Adapters.Count == 1))
            {
                var answer = await GoldenAnswer.ComputeAsync(engine, golden, version.Digest);
                Assert.True(answer.LargestDifference(golden, expected) <= golden.Tolerance);
                Assert.Equal(golden.Greedy, answer.Greedy);
            }
        }
        finally
        {
            adapter.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("general.type", "model", "general.type")]
    [InlineData("adapter.type", "control_vector", "adapter.type")]
    [InlineData("general.architecture", "qwen2", "general.architecture")]
    [InlineData("adapter.alora.invocation_tokens", "7", "adapter.alora.invocation_tokens")]
    public void WhatIsNotApplied_IsRefusedByName(string key, string value, string named)
    {
        var adapter = Directory.CreateTempSubdirectory("patchbay-test-");
        try
        {
            var folder = Path.Combine(Fixtures.Own, "families", "llama");
            File.WriteAllBytes(Path.Combine(adapter.FullName, "lora.gguf"), Convert(Path.Combine(folder, "lora"), "llama", 12, (key, value)));
            var refusal = Assert.Throws<AdapterRefusedException>(() => InferenceEngine.InspectAdapter(adapter.FullName, folder));
            Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
            Assert.Contains("lora.gguf", refusal.Message, StringComparison.Ordinal);
        }
        finally
        {
            adapter.Delete(recursive: true);
        }
    }

    // By the rules of convert_lora_to_gguf.py: renamed, rows of Llama's queries and keys as 0, d/2, 1, d/2 + 1, … of each head.
    private static byte[] Convert(string lora, string architecture, int pairedHeadDim, (string Key, string Value)? changed = null)
    {
        using var file = SafetensorsFile.Open(Path.Combine(lora, "adapter_model.safetensors"));
        using var config = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(Path.Combine(lora, "adapter_config.json")));
        var pairs = new Dictionary<string, string> { ["general.type"] = "adapter", ["adapter.type"] = "lora", ["general.architecture"] = architecture };
        if (changed is var (key, value))
        {
            pairs[key] = value;
        }

        // The head is tied in one of the models and named apart from the layers; the converter's answer to that is not tested here.
        var tensors = file.Tensors.Values.Select(tensor => (Name: Rename(tensor.Name), Tensor: tensor)).ToList();
        var writer = new GgufWriter().Header(tensors.Count, pairs.Count + 1);
        foreach (var (name, text) in pairs)
        {
            writer.Pair(name, text);
        }

        writer.Pair("adapter.lora.alpha", config.RootElement.GetProperty("lora_alpha").GetSingle());
        var offset = 0L;
        foreach (var (name, tensor) in tensors)
        {
            writer.Tensor(name, 0, offset, tensor.Shape[1], tensor.Shape[0]);
            offset += ((tensor.Count * sizeof(float)) + 31) / 32 * 32;
        }

        foreach (var (name, tensor) in tensors)
        {
            var isPaired = pairedHeadDim > 0 && name.EndsWith(".lora_b", StringComparison.Ordinal) && (name.Contains("attn_q.", StringComparison.Ordinal) || name.Contains("attn_k.", StringComparison.Ordinal));
            writer.Data(Values(tensor, isPaired ? pairedHeadDim : 0));
        }

        return writer.ToArray();
    }

    private static string Rename(string name)
    {
        var isShrink = name.EndsWith(".lora_A.weight", StringComparison.Ordinal);
        var path = name["base_model.model.".Length..^".lora_A.weight".Length];
        var suffix = isShrink ? "lora_a" : "lora_b";
        if (path == "lm_head")
        {
            return $"output.weight.{suffix}";
        }

        var layer = path.Split('.')[2];
        return $"blk.{layer}.{s_parts.First(part => path.EndsWith(part.Module, StringComparison.Ordinal)).Gguf}.weight.{suffix}";
    }

    private static unsafe float[] Values(TensorView tensor, int pairedHeadDim)
    {
        var (rows, columns) = ((int)tensor.Shape[0], (int)tensor.Shape[1]);
        var values = new float[rows * columns];
        using var decoded = NativeBuffer.Of<float>(rows * columns);
        Engine.Kernels.WeightDecoder.Decode(tensor.Type, tensor.Pointer, rows * columns, decoded.Floats);
        for (var row = 0; row < rows; row++)
        {
            var half = pairedHeadDim / 2;
            var target = pairedHeadDim == 0 ? row : (row / pairedHeadDim * pairedHeadDim) + (row % pairedHeadDim % half * 2) + (row % pairedHeadDim / half);
            new ReadOnlySpan<float>(decoded.Floats + (row * columns), columns).CopyTo(values.AsSpan(target * columns, columns));
        }

        return values;
    }
}
