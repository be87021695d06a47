using Patchbay.Engine.Checkpoints.Gguf;

namespace Patchbay.Engine.Models;

/// <summary>The metadata below an architecture's name. Remembers what was read, so that the rest can be refused.</summary>
internal sealed class GgufMetadata(GgufFile file)
{
    // Said by the tensors, too, or of no use without a tokenizer of another kind.
    private static readonly HashSet<string> s_neutral = new(StringComparer.Ordinal) { "vocab_size", "use_parallel_residual", "tensor_data_layout" };

    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    public string Architecture { get; } = file.Get("general.architecture").AsString();

    public bool HasTensor(string name) => file.TryGetTensor(name, out _);

    /// <summary>A value of the architecture, null where the file lacks it.</summary>
    public GgufValue? Find(string key)
    {
        _read.Add(key);
        return file.Find($"{Architecture}.{key}");
    }

    public GgufValue Get(string key)
    {
        _read.Add(key);
        return file.Get($"{Architecture}.{key}");
    }

    public long Whole(string key) => Get(key).AsInteger();

    public double Number(string key) => Get(key).AsNumber();

    public double Number(string key, double fallback) => Find(key)?.AsNumber() ?? fallback;

    /// <summary>A tensor of float32 values, null where the file lacks it.</summary>
    public unsafe float[]? Values(string name)
    {
        if (!file.TryGetTensor(name, out var tensor))
        {
            return null;
        }

        return tensor!.Type.Name == "F32"
            ? new ReadOnlySpan<float>(file.DataOf(tensor), checked((int)(tensor.ByteLength / sizeof(float)))).ToArray()
            : throw new InvalidDataException($"GGUF tensor '{name}': expected values as F32, found {tensor.Type.Name}.");
    }

    public InvalidDataException Refuse(string key, string expected, string found) =>
        new($"GGUF key '{Architecture}.{key}': expected {expected}, found {found}.");

    /// <exception cref="InvalidDataException">The file says something about the model that nobody asked for.</exception>
    public void RefuseUnread()
    {
        var prefix = $"{Architecture}.";
        var unknown = file.Metadata.Keys.FirstOrDefault(key =>
            key.StartsWith(prefix, StringComparison.Ordinal) && !_read.Contains(key[prefix.Length..]) && !s_neutral.Contains(key[prefix.Length..]));
        if (unknown is not null)
        {
            throw new InvalidDataException($"GGUF key '{unknown}' is not known here; it may change what the model computes.");
        }
    }
}
