using System.Text.Json.Nodes;
using Patchbay.Engine.Checkpoints.Safetensors;
using Patchbay.Engine.Models;
using Patchbay.Engine.Tensors;
using Patchbay.Engine.Tests.Golden;

namespace Patchbay.Engine.Tests.Models;

/// <summary>What checkpoints of dense families may look like beside the ones that transformers writes today, and what is refused.</summary>
public sealed class DenseFamilyTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("patchbay-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("gpt2", "transformer.")]
    [InlineData("bloom", "transformer.")]
    [InlineData("opt", "model.")]
    [InlineData("starcoder2", "model.")]
    public async Task CheckpointWithoutTheFirstPartOfItsNames_IsTheSameModel(string family, string prefix)
    {
        CopyConfig(family, _ => { });
        CopyWeights(family, name => name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name);
        var source = Path.Combine(Fixtures.Own, "families", family);
        using var expected = SafetensorsFile.Open(Path.Combine(source, "expected.safetensors"));
        await using var engine = await InferenceEngine.OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = _folder.FullName });
        var golden = GoldenCase.Read(source)[0];
        var answer = await GoldenAnswer.ComputeAsync(engine, golden, adapter: null);
        Assert.True(answer.LargestDifference(golden, expected) <= golden.Tolerance);
        Assert.Equal(golden.Greedy, answer.Greedy);
    }

    [Theory]
    [InlineData("gpt2", 256)]
    [InlineData("opt", 256)]
    public async Task LearnedPositions_EndTheContext(string family, int positions)
    {
        await using var engine = await InferenceEngine.OpenAsync(
            new EngineOptions { Weights = WeightFormat.Native, ModelPath = Path.Combine(Fixtures.Own, "families", family), ContextLength = 512 });
        Assert.Equal(positions, engine.Model.ContextLength);
    }

    [Theory]
    [InlineData("apertus", "hidden_act", "\"gelu\"", "xielu")]
    [InlineData("bloom", "apply_residual_connection_post_layernorm", "true", "false")]
    [InlineData("cohere2", "layer_types", "[\"full_attention\"]", "a list of 4 names")]
    [InlineData("exaone4", "layer_types", "[\"full_attention\", \"full_attention\", \"full_attention\", \"chunked_attention\"]", "sliding_attention")]
    [InlineData("falcon", "alibi", "true", "false")]
    [InlineData("gemma", "use_bidirectional_attention", "true", "false")]
    [InlineData("gemma2", "hidden_activation", "\"mish\"", "gelu_pytorch_tanh")]
    [InlineData("gpt2", "scale_attn_by_inverse_layer_idx", "true", "false")]
    [InlineData("gpt_neox", "num_attention_heads", "0", "1 or more")]
    [InlineData("granite", "num_key_value_heads", "3", "a divisor of the 4 heads")]
    [InlineData("opt", "do_layer_norm_before", "false", "true")]
    [InlineData("opt", "word_embed_proj_dim", "32", "48")]
    [InlineData("phi", "rope_parameters", "{\"rope_type\": \"spiral\"}", "longrope")]
    [InlineData("phi3", "rope_parameters", "{\"rope_type\": \"longrope\", \"short_factor\": [1.0], \"long_factor\": [1.0]}", "a list of 8 numbers")]
    [InlineData("glm", "rope_parameters", "{\"rope_type\": \"default\", \"partial_rotary_factor\": 1.5}", "an even number of a head's 16 values")]
    [InlineData("smollm3", "no_rope_layers", "[1, 0]", "a list of 4 numbers")]
    [InlineData("smollm3", "use_sliding_window", "true", "false")]
    [InlineData("starcoder2", "mlp_type", "\"gated\"", "default")]
    public void FieldThatIsNotApplied_IsRefusedByName(string family, string field, string value, string expected)
    {
        CopyConfig(family, config => config[field] = JsonNode.Parse(value));
        CopyWeights(family, name => name);
        var exception = Assert.Throws<InvalidDataException>(() => LoadedModel.Open(_folder.FullName));
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.True(
            exception.Message.Contains(field, StringComparison.Ordinal) || field == "rope_parameters", $"The message does not name {field}: {exception.Message}");
    }

    [Fact]
    public void TensorThatIsMissing_IsRefusedByName()
    {
        CopyConfig("gpt2", _ => { });
        CopyWeights("gpt2", name => name == "transformer.h.1.ln_2.bias" ? "transformer.h.1.ln_3.bias" : name);
        var exception = Assert.Throws<InvalidDataException>(() => LoadedModel.Open(_folder.FullName));
        Assert.Contains("transformer.h.1.ln_2.bias is missing", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TensorThatNobodyWants_IsRefusedByName()
    {
        CopyConfig("opt", config => config["enable_bias"] = false);
        CopyWeights("opt", name => name);
        var exception = Assert.Throws<InvalidDataException>(() => LoadedModel.Open(_folder.FullName));
        Assert.Contains("bias is no part of a opt model", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TensorOfAnotherShape_IsRefusedByName()
    {
        CopyConfig("falcon", config => config["ffn_hidden_size"] = 96);
        CopyWeights("falcon", name => name);
        var exception = Assert.Throws<InvalidDataException>(() => LoadedModel.Open(_folder.FullName));
        Assert.Contains("mlp.dense_h_to_4h.weight: expected shape [96, 48]", exception.Message, StringComparison.Ordinal);
    }

    private void CopyConfig(string family, Action<JsonObject> change)
    {
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(Fixtures.Own, "families", family, "config.json")))!.AsObject();
        change(config);
        File.WriteAllText(Path.Combine(_folder.FullName, "config.json"), config.ToJsonString());
    }

    private unsafe void CopyWeights(string family, Func<string, string> rename)
    {
        using var source = SafetensorsFile.Open(Path.Combine(Fixtures.Own, "families", family, "model.safetensors"));
        var writer = new SafetensorsWriter();
        foreach (var (name, tensor) in source.Tensors)
        {
            using var values = NativeBuffer.Of<float>(tensor.Count);
            Engine.Kernels.WeightDecoder.Decode(tensor.Type, tensor.Pointer, (int)tensor.Count, values.Floats);
            writer.Add(rename(name), [.. tensor.Shape.Select(size => (int)size)], values.AsSpan<float>()[..(int)tensor.Count]);
        }

        using var target = File.Create(Path.Combine(_folder.FullName, "model.safetensors"));
        writer.Write(target);
    }
}
