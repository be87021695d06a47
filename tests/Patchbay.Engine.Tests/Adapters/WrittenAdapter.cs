using System.Text.Json;
using System.Text.Json.Nodes;
using Patchbay.Engine.Checkpoints.Safetensors;

namespace Patchbay.Engine.Tests.Adapters;

/// <summary>An adapter directory written for one test: rank 1 with zeros on one module, and whatever the test adds.</summary>
internal sealed unsafe class WrittenAdapter : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("patchbay-test-");
    private readonly SafetensorsWriter _tensors = new();
    private readonly JsonObject _config;

    public WrittenAdapter(string target)
    {
        _config = new JsonObject { ["peft_type"] = "LORA", ["r"] = 1, ["lora_alpha"] = 1, ["target_modules"] = new JsonArray(target) };
    }

    public string Path => _directory.FullName;

    public WrittenAdapter With(string field, JsonNode value)
    {
        _config[field] = value;
        return this;
    }

    public WrittenAdapter WithTensor(string name, int[] shape, Func<int, float>? value = null)
    {
        var count = shape.Aggregate(1, (product, size) => product * size);
        _tensors.Add($"base_model.model.{name}", shape, [.. Enumerable.Range(0, count).Select(value ?? (_ => 0))]);
        return this;
    }

    /// <summary>A low-rank change of rank 1 with random values, for a module of the base model.</summary>
    public WrittenAdapter WithLora(string model, string module, Random random)
    {
        using var file = SafetensorsFile.Open(System.IO.Path.Combine(Fixtures.Own, "families", model, "model.safetensors"));
        var shape = file.Tensors[$"{module}.weight"].Shape;
        return WithTensor($"{module}.lora_A.weight", [1, (int)shape[1]], _ => random.NextSingle() - 0.5f)
            .WithTensor($"{module}.lora_B.weight", [(int)shape[0], 1], _ => random.NextSingle() - 0.5f);
    }

    /// <summary>A tensor with the base model's own values.</summary>
    public WrittenAdapter WithBaseTensor(string model, string tensor, string? name = null)
    {
        using var file = SafetensorsFile.Open(System.IO.Path.Combine(Fixtures.Own, "families", model, "model.safetensors"));
        var view = file.Tensors[tensor];
        var values = new float[view.Count];
        fixed (float* to = values)
        {
            Engine.Kernels.WeightDecoder.Decode(view.Type, view.Pointer, values.Length, to);
        }

        return WithTensor(name ?? tensor, [.. view.Shape.Select(size => (int)size)], i => values[i]);
    }

    public string Write()
    {
        File.WriteAllText(System.IO.Path.Combine(Path, "adapter_config.json"), JsonSerializer.Serialize(_config));
        using var stream = File.Create(System.IO.Path.Combine(Path, "adapter_model.safetensors"));
        _tensors.Write(stream);
        return Path;
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
