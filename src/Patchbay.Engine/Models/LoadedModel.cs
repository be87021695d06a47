using System.Text.Json;
using Patchbay.Engine.Checkpoints.Safetensors;
using Patchbay.Engine.Text;

namespace Patchbay.Engine.Models;

/// <summary>A model with what belongs to it: its text side, and the memory that its layers point into.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly ModelBuilder _memory;

    private LoadedModel(ModelBuilder memory, PackedWeights packed, DecoderModel model, string name)
    {
        _memory = memory;
        Packed = packed;
        Model = model;
        Name = name;
        EndOfSequence = model.Config.EndOfSequence;
    }

    public DecoderModel Model { get; }

    /// <summary>Those of its weights that are packed.</summary>
    public PackedWeights Packed { get; }

    /// <summary>The name of the directory or file.</summary>
    public string Name { get; }

    public IReadOnlyList<int> EndOfSequence { get; private init; }

    /// <summary>Null if the checkpoint has none.</summary>
    public Tokenizer? Tokenizer { get; private init; }

    /// <summary>Null if the checkpoint has none.</summary>
    public ChatTemplate? ChatTemplate { get; private init; }

    /// <summary>Opens a Hugging Face directory or a GGUF file.</summary>
    /// <param name="path">The directory or file.</param>
    /// <param name="packing">How its weights are packed; null leaves them as stored.</param>
    /// <exception cref="InvalidDataException">Something is missing, broken or not known here; the message says what.</exception>
    public static LoadedModel Open(string path, WeightPacking? packing = null)
    {
        if (File.Exists(path))
        {
            var gguf = GgufWeights.Open(path);
            return Build(new ModelBuilder(gguf.Config, gguf), path, packing, () => ModelText.Read(gguf.File));
        }

        if (!Directory.Exists(path))
        {
            throw new InvalidDataException("The model path is neither a directory nor a file.");
        }

        var config = ModelConfig.Read(Path.Combine(path, "config.json"));
        var weights = new SafetensorsWeights(SafetensorsCheckpoint.Open(path));
        return Build(new ModelBuilder(config, weights), path, packing, () => ModelText.Read(path));
    }

    public void Dispose()
    {
        Packed.Dispose();
        _memory.Dispose();
    }

    private static LoadedModel Build(ModelBuilder builder, string path, WeightPacking? packing, Func<ModelText> readText)
    {
        // The text side of a small model takes as long as its weights.
        var reading = Task.Run(readText);
        PackedWeights? packed = null;
        try
        {
            var model = ModelRegistry.Build(builder);
            packed = PackedWeights.Load(model.Modules, packing ?? WeightPacking.None, path);
            var text = reading.GetAwaiter().GetResult();
            var name = File.Exists(path) ? Path.GetFileNameWithoutExtension(path) : new DirectoryInfo(path).Name;
            return new LoadedModel(builder, packed, model, name)
            {
                Tokenizer = text.Tokenizer,
                ChatTemplate = text.ChatTemplate,
                EndOfSequence = text.EndOfSequence.Count > 0 ? text.EndOfSequence : model.Config.EndOfSequence,
            };
        }
        catch
        {
            // It may read the file that the weights are mapped from.
            Task.WaitAny(reading);
            packed?.Dispose();
            builder.Dispose();
            throw;
        }
    }
}
