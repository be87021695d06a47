using System.Text.Json;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Checkpoints.Safetensors;

/// <summary>
/// All tensors of a Hugging Face model directory: <c>model.safetensors</c>, or the shards that
/// <c>model.safetensors.index.json</c> names.
/// </summary>
internal sealed class SafetensorsCheckpoint : IDisposable
{
    private const string SingleFile = "model.safetensors";
    private const string IndexFile = "model.safetensors.index.json";

    private readonly List<SafetensorsFile> _files = [];

    private SafetensorsCheckpoint()
    {
    }

    public Dictionary<string, TensorView> Tensors { get; } = [];

    /// <exception cref="InvalidDataException">A file is missing or breaks a rule of its format.</exception>
    public static SafetensorsCheckpoint Open(string directory)
    {
        var checkpoint = new SafetensorsCheckpoint();
        try
        {
            var index = Path.Combine(directory, IndexFile);
            if (File.Exists(index))
            {
                checkpoint.OpenShards(directory, index);
            }
            else if (File.Exists(Path.Combine(directory, SingleFile)))
            {
                checkpoint.Add(SafetensorsFile.Open(Path.Combine(directory, SingleFile)), SingleFile);
            }
            else
            {
                throw new InvalidDataException($"The model directory has neither {SingleFile} nor {IndexFile}.");
            }

            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    public void Dispose() => _files.ForEach(file => file.Dispose());

    private void OpenShards(string directory, string index)
    {
        var placed = ReadIndex(index);
        foreach (var shard in placed.Values.Distinct().Order(StringComparer.Ordinal))
        {
            if (shard != Path.GetFileName(shard) || !shard.EndsWith(".safetensors", StringComparison.Ordinal))
            {
                throw new InvalidDataException($"{IndexFile}: weight_map expected names of .safetensors files in its own directory, found '{shard}'.");
            }

            if (!File.Exists(Path.Combine(directory, shard)))
            {
                throw new InvalidDataException($"{IndexFile} names {shard}, which is missing.");
            }

            Add(SafetensorsFile.Open(Path.Combine(directory, shard)), shard);
        }

        foreach (var (tensor, shard) in placed)
        {
            if (!Tensors.ContainsKey(tensor))
            {
                throw new InvalidDataException($"{shard}: tensor {tensor} is missing, though {IndexFile} places it there.");
            }
        }
    }

    private static Dictionary<string, string> ReadIndex(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            return json.RootElement.GetProperty("weight_map").EnumerateObject()
                .ToDictionary(entry => entry.Name, entry => entry.Value.GetString() ?? string.Empty);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InvalidDataException($"{IndexFile}: expected a JSON object with weight_map (tensor name to file name).", exception);
        }
    }

    private void Add(SafetensorsFile file, string name)
    {
        _files.Add(file);
        foreach (var (tensor, view) in file.Tensors)
        {
            if (!Tensors.TryAdd(tensor, view))
            {
                throw new InvalidDataException($"{name}: tensor {tensor} is in another shard too.");
            }
        }
    }
}
