using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Patchbay.Engine.Checkpoints.Safetensors;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tests.Checkpoints.Gguf;

namespace Patchbay.Engine.Tests.Models;

/// <summary>Makes a GGUF file of a golden family, by the rules of llama.cpp's converter; all values as float32.</summary>
internal sealed class GgufConversion
{
    private readonly SortedDictionary<string, (float[] Values, long[] Shape)> _tensors = new(StringComparer.Ordinal);
    private readonly List<Action<GgufWriter>> _pairs = [];
    private readonly JsonObject _config;
    private readonly string _architecture;

    private GgufConversion(string folder, string architecture)
    {
        _architecture = architecture;
        _config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, File.Exists(Path.Combine(folder, "config.v4.json")) ? "config.v4.json" : "config.json")))!.AsObject();
        Add(writer => writer.Pair("general.architecture", architecture));
    }

    /// <summary>A field of the old spelling.</summary>
    public JsonNode? this[string field] => _config[field];

    public static byte[] Convert(string folder, GgufRules rules)
    {
        var conversion = new GgufConversion(folder, rules.Architecture);
        conversion.WritePairs(rules);
        conversion.ReadTensors(folder, rules);
        return conversion.Write();
    }

    public int Whole(string field) => _config[field]!.GetValue<int>();

    public float Real(string field) => _config[field]!.GetValue<float>();

    public void Pair(string key, int value) => Add(writer => writer.Pair($"{_architecture}.{key}", (uint)value));

    public void Pair(string key, float value) => Add(writer => writer.Pair($"{_architecture}.{key}", value));

    public void Pair(string key, bool value) => Add(writer => writer.Pair($"{_architecture}.{key}", value));

    public void Pair(string key, string value) => Add(writer => writer.Pair($"{_architecture}.{key}", value));

    public void Pair(string key, bool[] values) => Add(writer => writer.Pair($"{_architecture}.{key}", values));

    public void Tensor(string name, float[] values) => _tensors[name] = (values, [values.Length]);

    private void Add(Action<GgufWriter> pair) => _pairs.Add(pair);

    private void WritePairs(GgufRules rules)
    {
        foreach (var (key, fields) in rules.Wholes)
        {
            if (Field(fields) is { } value)
            {
                Pair(key, value.GetValue<int>());
            }
        }

        foreach (var (key, fields) in rules.Reals)
        {
            if (Field(fields) is { } value)
            {
                Pair(key, value.GetValue<float>());
            }
        }

        rules.More(this);
    }

    private JsonNode? Field(string fields) => fields.Split('|').Select(field => _config[field]).FirstOrDefault(value => value is not null);

    private unsafe void ReadTensors(string folder, GgufRules rules)
    {
        using var checkpoint = SafetensorsCheckpoint.Open(folder);
        foreach (var (name, tensor) in checkpoint.Tensors)
        {
            var values = new float[tensor.Count];
            fixed (float* target = values)
            {
                WeightDecoder.Decode(tensor.Type, tensor.Pointer, values.Length, target);
            }

            var dot = name.LastIndexOf('.');
            var (values2, shape) = rules.Change(this, name, values, tensor.Shape);
            Place(name[..dot], name[dot..], values2, shape, rules);
        }
    }

    // Experts are stacked in the order of their numbers.
    private void Place(string module, string suffix, float[] values, long[] shape, GgufRules rules)
    {
        foreach (var (pattern, target) in rules.Names)
        {
            var match = Regex.Match(module, $"^{pattern}$");
            if (!match.Success)
            {
                continue;
            }

            var name = target.Replace("#", match.Groups[1].Value, StringComparison.Ordinal) + suffix;
            if (match.Groups.Count < 3)
            {
                _tensors.Add(name, (values, shape));
                return;
            }

            var expert = int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
            var count = rules.ExpertCount(this);
            if (!_tensors.TryGetValue(name, out var stack))
            {
                stack = (new float[count * values.Length], [count, .. shape]);
                _tensors.Add(name, stack);
            }

            values.CopyTo(stack.Values, expert * values.Length);
            return;
        }

        Assert.Fail($"The rules do not say what becomes of {module}{suffix}.");
    }

    private byte[] Write()
    {
        var writer = new GgufWriter().Header(_tensors.Count, _pairs.Count);
        _pairs.ForEach(pair => pair(writer));
        var offset = 0L;
        foreach (var (name, (values, shape)) in _tensors)
        {
            writer.Tensor(name, 0, offset, [.. shape.Reverse()]);
            offset = (offset + (values.Length * sizeof(float)) + 31) / 32 * 32;
        }

        foreach (var (values, _) in _tensors.Values)
        {
            writer.Data(values);
        }

        return writer.Data(0).ToArray();
    }
}
