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
    private readonly ModuleTable _modules = new(config.ModelType, config.LayerCount) { Gguf = GgufAdapterModules.For(config) };
    private readonly List<KvShape> _kvShapes = [];
    private readonly List<int> _stateShapes = [];
    private readonly List<RotaryFrequencies> _rotary = [];

    public ModelConfig Config => config;

    public ModelTensors Tensors { get; } = new(weights);

    /// <summary>Whether the checkpoint has this tensor.</summary>
    public bool Has(string name) => Tensors.Has(name);

    /// <summary>What adapters can change; parts that are no plain linear layer add to it themselves.</summary>
    public ModuleTable Modules => _modules;

    /// <summary>The weight of a linear layer by itself.</summary>
    /// <param name="path">Its name in the model.</param>
    /// <param name="inputs">Values per row that it reads.</param>
    /// <param name="outputs">Values per row that it gives.</param>
    /// <param name="stored">Its name in the checkpoint, where that is another.</param>
    public AdaptableModule Module(string path, int inputs, int outputs, string? stored = null) =>
        _modules.Add(new AdaptableModule(path, Tensors.Matrix($"{stored ?? path}.weight", outputs, inputs)));

    /// <summary>A linear layer with <c>path.weight</c> of shape (outputs, inputs) and, if asked for, <c>path.bias</c>.</summary>
    public Linear Linear(string path, int inputs, int outputs, bool hasBias = false) =>
        Linear(new AdaptableModule(path, Tensors.Matrix($"{path}.weight", outputs, inputs)) { HasBias = hasBias });

    /// <summary>The same with <c>path.weight</c> of shape (inputs, outputs).</summary>
    public Linear TransposedLinear(string path, int inputs, int outputs, bool hasBias = false) =>
        Linear(new AdaptableModule(path, Tensors.TransposedMatrix($"{path}.weight", outputs, inputs)) { HasBias = hasBias, IsTransposed = true });

    /// <summary>RMSNorm over <paramref name="width"/> values with <c>path.weight</c>.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="width">Values that are normalised together, and of the weight.</param>
    /// <param name="weightOffset">Added to the weight: 1 in families that store its distance from 1.</param>
    public RmsNorm RmsNorm(string path, int width, float weightOffset = 0) => RmsNorm(path, width, config.RmsNormEpsilon, weightOffset);

    /// <summary>The same with an epsilon of its own.</summary>
    public RmsNorm RmsNorm(string path, int width, float epsilon, float weightOffset)
    {
        var weight = Tensors.Vector($"{path}.weight", [width], weightOffset);
        return new RmsNorm(weight, width, epsilon, Norm(path, weight, hasBias: false, weightOffset));
    }

    /// <summary>LayerNorm over <paramref name="width"/> values with <c>path.weight</c> and, unless told otherwise, <c>path.bias</c>.</summary>
    public LayerNorm LayerNorm(string path, int width, bool hasBias = true, float weightOffset = 0)
    {
        var weight = Tensors.Vector($"{path}.weight", [width], weightOffset);
        var bias = hasBias ? Tensors.Vector($"{path}.bias", [width]) : null;
        return new LayerNorm(weight, bias, width, config.LayerNormEpsilon, Norm(path, weight, hasBias, weightOffset));
    }

    /// <summary>LayerNorm that has learned nothing.</summary>
    public LayerNorm PlainLayerNorm(int width, float epsilon)
    {
        var ones = new float[width];
        Array.Fill(ones, 1);
        return new LayerNorm(Tensors.Computed(ones), null, width, epsilon);
    }

    /// <summary>The function that <c>hidden_act</c> or the named field chooses.</summary>
    /// <exception cref="InvalidDataException">It is not known here.</exception>
    public Activation Activation(string field = "hidden_act", string fallback = "silu") =>
        Layers.Activation.Find(config.Text(field) ?? fallback)
        ?? throw config.Refuse(field, $"one of {string.Join(", ", Layers.Activation.Names)}");

    /// <summary>A gated feed-forward network with Llama's names.</summary>
    public GatedMlp GatedMlp(string path, bool hasBias = false, Activation? activation = null) =>
        GatedMlp(path, config.IntermediateSize, hasBias, activation);

    /// <summary>The same with another number of inner values.</summary>
    public GatedMlp GatedMlp(string path, int size, bool hasBias = false, IGatedActivation? activation = null) => new(
        Linear($"{path}.gate_proj", config.HiddenSize, size, hasBias),
        Linear($"{path}.up_proj", config.HiddenSize, size, hasBias),
        Linear($"{path}.down_proj", size, config.HiddenSize, hasBias),
        activation ?? Activation());

    /// <summary>A gated feed-forward network whose gate and up are one matrix, with Phi-3's names.</summary>
    public FusedGatedMlp FusedGatedMlp(string path) => new(
        Linear($"{path}.gate_up_proj", config.HiddenSize, 2 * config.IntermediateSize),
        Linear($"{path}.down_proj", config.IntermediateSize, config.HiddenSize),
        Activation());

    /// <summary>A plain feed-forward network.</summary>
    public Mlp Mlp(string upPath, string downPath, int size, bool hasBias, Activation activation) => new(
        Linear(upPath, config.HiddenSize, size, hasBias),
        Linear(downPath, size, config.HiddenSize, hasBias),
        activation);

    /// <summary>Queries, keys and values from linear layers of Llama's names below <paramref name="path"/>.</summary>
    public SeparateProjections Projections(string path, int headDim, bool hasBias = false) => new(
        Linear($"{path}.q_proj", config.HiddenSize, config.HeadCount * headDim, hasBias),
        Linear($"{path}.k_proj", config.HiddenSize, config.KvHeadCount * headDim, hasBias),
        Linear($"{path}.v_proj", config.HiddenSize, config.KvHeadCount * headDim, hasBias));

    /// <summary>The rotation of heads by the configuration; one for all layers that turn alike.</summary>
    public RotaryEmbedding Rotary(int headDim, RotaryOptions? options = null)
    {
        var frequencies = RotarySettings.Read(config, headDim, options ?? new RotaryOptions());
        _rotary.Add(frequencies);
        return new RotaryEmbedding(frequencies, options?.TurnsNeighbours ?? false);
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
        _modules.IsRecurrent = true;
        return _stateShapes.Count - 1;
    }

    /// <summary>Puts the model together from its frame and from layers made by <paramref name="layer"/>.</summary>
    /// <exception cref="InvalidDataException">The checkpoint has a tensor that is no part of the model.</exception>
    public DecoderModel Decoder(DecoderFrame frame, Func<int, DecoderLayer> layer)
    {
        var embedding = Tensors.Matrix($"{frame.EmbeddingPath}.weight", config.VocabularySize, config.HiddenSize);
        var tokens = Embedding(new AdaptableModule(frame.EmbeddingPath, embedding) { IsTokenEmbedding = true });
        var positions = frame.PositionPath is { } path
            ? Embedding(new AdaptableModule(path, Tensors.Matrix($"{path}.weight", config.ContextLength + frame.FirstPosition, config.HiddenSize)))
            : null;
        var layers = Enumerable.Range(0, config.LayerCount).Select(layer).ToList();
        var head = Head(frame, embedding);
        Tensors.RefuseUnused(config.ModelType);
        return new DecoderModel
        {
            Config = config,
            Embedding = new TokenEmbedding(tokens)
            {
                Scale = frame.EmbeddingScale,
                Positions = positions,
                FirstPosition = frame.FirstPosition,
                Norm = frame.EmbeddingNorm,
            },
            Layers = layers,
            Head = head,
            Modules = _modules,
            KvShapes = _kvShapes,
            StateShapes = _stateShapes,
            Rotary = _rotary,
        };
    }

    public void Dispose() => Tensors.Dispose();

    private Linear Linear(AdaptableModule module) =>
        new(_modules.Add(module), module.HasBias ? Tensors.Vector($"{module.Path}.bias", [module.Weight.Rows]) : null);

    private EmbeddingTable Embedding(AdaptableModule module) => new(_modules.Add(module with { Kind = ModuleKind.Embedding }));

    // A norm that several branches read through is one module.
    private unsafe AdaptableModule Norm(string path, NativeBuffer weight, bool hasBias, float weightOffset) =>
        _modules.Find(path) ?? _modules.Add(
            new AdaptableModule(path, new WeightMatrix(ElementType.F32, 1, (int)(weight.Length / sizeof(float)), weight.Data))
            {
                Kind = ModuleKind.Norm,
                HasBias = hasBias,
                WeightOffset = weightOffset,
            });

    private LmHead Head(DecoderFrame frame, WeightMatrix embedding)
    {
        var weight = $"{frame.HeadPath}.weight";
        var isTied = config.Boolean("tie_word_embeddings", frame.TiesByDefault);
        if (isTied)
        {
            // Some files carry a copy of what they tie.
            Tensors.Ignore(weight);
        }

        _modules.IsTied = isTied;
        var matrix = isTied ? embedding : Tensors.Matrix(weight, config.VocabularySize, config.HiddenSize);
        return new LmHead(frame.FinalNorm, Linear(new AdaptableModule(frame.HeadPath, matrix) { HasBias = frame.HasHeadBias, IsOutputHead = true }))
        {
            Scale = frame.LogitScale,
            SoftCap = frame.LogitSoftCap,
        };
    }
}
