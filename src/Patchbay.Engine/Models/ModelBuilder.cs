using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.KvCache;
using Patchbay.Engine.Layers;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Models;

/// <summary>
/// What a family composes its model from: layers bound to the tensors of a checkpoint, by their Hugging Face names. Every
/// tensor is checked for its shape; a tensor that no layer asked for is refused at the end.
/// </summary>
internal sealed class ModelBuilder(ModelConfig config, IWeightSource weights) : IDisposable
{
    private readonly ModuleTable _modules = new(config.ModelType, config.LayerCount);
    private readonly List<KvShape> _kvShapes = [];
    private readonly List<int> _stateShapes = [];
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly List<IDisposable> _owned = [];

    public ModelConfig Config => config;

    /// <summary>Memory that belongs to the model and is freed with it.</summary>
    public IReadOnlyList<IDisposable> Owned => _owned;

    /// <summary>Whether the checkpoint has this tensor.</summary>
    public bool Has(string name) => weights.TryGet(name, out _);

    /// <summary>What adapters can change; layers that are no plain matrix add to it themselves.</summary>
    public ModuleTable Modules => _modules;

    /// <summary>A linear layer with <c>path.weight</c> of shape (outputs, inputs) and, if asked for, <c>path.bias</c>.</summary>
    /// <param name="path">Its name in the model.</param>
    /// <param name="inputs">Values per row that it reads.</param>
    /// <param name="outputs">Values per row that it gives.</param>
    /// <param name="hasBias">Whether it has a bias.</param>
    /// <param name="stored">Its name in the checkpoint, where that is another.</param>
    public Linear Linear(string path, int inputs, int outputs, bool hasBias = false, string? stored = null) =>
        new(Module(path, inputs, outputs, stored), hasBias ? Vector($"{stored ?? path}.bias", outputs) : null);

    /// <summary>The weight of a linear layer by itself.</summary>
    public AdaptableModule Module(string path, int inputs, int outputs, string? stored = null) =>
        _modules.Add(path, Matrix($"{stored ?? path}.weight", outputs, inputs));

    public RmsNorm RmsNorm(string path, int width) => RmsNorm(path, width, config.RmsNormEpsilon);

    public RmsNorm RmsNorm(string path, int width, float epsilon) => new(Vector($"{path}.weight", width), epsilon);

    /// <summary>A SwiGLU feed-forward network with Llama's names.</summary>
    public Mlp GatedMlp(string path, bool hasBias = false) => GatedMlp(path, config.IntermediateSize, hasBias);

    /// <summary>The same with another number of inner values.</summary>
    public Mlp GatedMlp(string path, int width, bool hasBias = false)
    {
        config.Require("hidden_act", "silu");
        return new Mlp(
            Linear($"{path}.gate_proj", config.HiddenSize, width, hasBias),
            Linear($"{path}.up_proj", config.HiddenSize, width, hasBias),
            Linear($"{path}.down_proj", width, config.HiddenSize, hasBias));
    }

    /// <summary>Attention over the next layer of the key/value store.</summary>
    public Attention Attention(AttentionParts parts)
    {
        var attention = new Attention(_kvShapes.Count, parts);
        _kvShapes.Add(attention.KvShape);
        return attention;
    }

    /// <summary>Latent attention over the next layer of the key/value store.</summary>
    public LatentAttention LatentAttention(LatentAttentionParts parts)
    {
        var attention = new LatentAttention(_kvShapes.Count, parts);
        _kvShapes.Add(attention.KvShape);
        return attention;
    }

    /// <summary>The next layer of the store of recurrent states.</summary>
    /// <param name="values">Values that it keeps per sequence.</param>
    public int StateLayer(int values)
    {
        _stateShapes.Add(values);
        return _stateShapes.Count - 1;
    }

    /// <summary>Puts the model together from layers made by <paramref name="layer"/>, with Llama's names for what surrounds them.</summary>
    /// <exception cref="InvalidDataException">The checkpoint has a tensor that is no part of the model.</exception>
    public DecoderModel Decoder(RotaryFrequencies rotary, Func<int, DecoderLayer> layer)
    {
        var embedding = Matrix("model.embed_tokens.weight", config.VocabularySize, config.HiddenSize);
        var layers = Enumerable.Range(0, config.LayerCount).Select(layer).ToList();
        var norm = RmsNorm("model.norm", config.HiddenSize);
        var head = config.TiesEmbeddings ? embedding : Matrix("lm_head.weight", config.VocabularySize, config.HiddenSize);
        if (config.TiesEmbeddings)
        {
            // Some files carry a copy of what they tie.
            _used.Add("lm_head.weight");
        }

        RefuseUnused();
        return new DecoderModel
        {
            Config = config,
            Embedding = new TokenEmbedding(embedding),
            Layers = layers,
            Head = new LmHead(norm, new Linear(_modules.Add("lm_head", head, isOutputHead: true))),
            Modules = _modules,
            KvShapes = _kvShapes,
            StateShapes = _stateShapes,
            Rotary = rotary,
        };
    }

    public void Dispose()
    {
        _owned.ForEach(item => item.Dispose());
        weights.Dispose();
    }

    private unsafe WeightMatrix Matrix(string name, int rows, int columns)
    {
        var tensor = Take(name, [rows, columns]);
        if (!WeightDecoder.Supports(tensor.Type))
        {
            throw new InvalidDataException($"{weights.Name}: tensor {name}: weights stored as {tensor.Type} are not supported.");
        }

        return new WeightMatrix(tensor.Type, rows, columns, tensor.Pointer);
    }

    /// <summary>A vector as float32, whatever it is stored as.</summary>
    public unsafe NativeBuffer Vector(string name, int length)
    {
        var tensor = Take(name, [length]);
        if (!WeightDecoder.Supports(tensor.Type))
        {
            throw new InvalidDataException($"{weights.Name}: tensor {name}: values stored as {tensor.Type} are not supported.");
        }

        var vector = NativeBuffer.Of<float>(length);
        _owned.Add(vector);
        WeightDecoder.Decode(tensor.Type, tensor.Pointer, length, vector.Floats);
        return vector;
    }

    private TensorView Take(string name, ReadOnlySpan<long> shape)
    {
        if (!weights.TryGet(name, out var tensor))
        {
            throw new InvalidDataException($"{weights.Name}: tensor {name} is missing, though the configuration needs it.");
        }

        _used.Add(name);
        return tensor.Shape.AsSpan().SequenceEqual(shape)
            ? tensor
            : throw new InvalidDataException(
                $"{weights.Name}: tensor {name}: expected shape [{string.Join(", ", shape.ToArray())}] by the configuration, found {tensor.ShapeText}.");
    }

    private void RefuseUnused()
    {
        // Old checkpoints of Llama store what is computed from the configuration.
        var unknown = weights.Names.FirstOrDefault(name =>
            !_used.Contains(name) && !name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal));
        if (unknown is not null)
        {
            throw new InvalidDataException($"{weights.Name}: tensor {unknown} is no part of a {config.ModelType} model that is known here.");
        }
    }
}
