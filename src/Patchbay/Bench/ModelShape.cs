namespace Patchbay.Bench;

/// <summary>The dimensions of a published model, so that speed can be measured without its weights.</summary>
internal sealed record ModelShape
{
    public required string Name { get; init; }

    /// <summary>Whose config.json the dimensions are from.</summary>
    public required string Source { get; init; }

    /// <summary><c>model_type</c> of config.json.</summary>
    public required string Family { get; init; }

    public required string Architecture { get; init; }

    public required int Hidden { get; init; }

    public required int Intermediate { get; init; }

    public required int Layers { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadDim { get; init; }

    public required int Vocabulary { get; init; }

    public required int Context { get; init; }

    public required double RotaryBase { get; init; }

    public double NormEpsilon { get; init; } = 1e-6;

    /// <summary>Whether queries, keys and values have biases.</summary>
    public bool HasBiases { get; init; }

    /// <summary>Whether queries and keys are normalised in each head.</summary>
    public bool HasHeadNorms { get; init; }

    /// <summary>Whether positions are stretched by Llama 3's rule, as its 1B and 3B models do.</summary>
    public bool HasLlama3Rotary { get; init; }

    /// <summary>Weights of all linear modules and of the head, which is the embedding (all shapes here tie them).</summary>
    public long MultipliedWeights => ((long)Layers * Modules.Sum(module => (long)module.Inputs * module.Outputs)) + ((long)Vocabulary * Hidden);

    /// <summary>The linear modules of a layer: name below the layer, inputs, outputs.</summary>
    public IReadOnlyList<(string Path, int Inputs, int Outputs)> Modules =>
    [
        ("self_attn.q_proj", Hidden, Heads * HeadDim),
        ("self_attn.k_proj", Hidden, KvHeads * HeadDim),
        ("self_attn.v_proj", Hidden, KvHeads * HeadDim),
        ("self_attn.o_proj", Heads * HeadDim, Hidden),
        ("mlp.gate_proj", Hidden, Intermediate),
        ("mlp.up_proj", Hidden, Intermediate),
        ("mlp.down_proj", Intermediate, Hidden),
    ];

    /// <summary>Every shape that <c>--shape</c> knows.</summary>
    public static IReadOnlyList<ModelShape> All { get; } =
    [
        new()
        {
            Name = "qwen2.5-0.5b", Source = "Qwen/Qwen2.5-0.5B", Family = "qwen2", Architecture = "Qwen2ForCausalLM", HasBiases = true,
            Hidden = 896, Intermediate = 4864, Layers = 24, Heads = 14, KvHeads = 2, HeadDim = 64, Vocabulary = 151_936, Context = 32_768, RotaryBase = 1e6,
        },
        new()
        {
            Name = "qwen2.5-1.5b", Source = "Qwen/Qwen2.5-1.5B", Family = "qwen2", Architecture = "Qwen2ForCausalLM", HasBiases = true,
            Hidden = 1536, Intermediate = 8960, Layers = 28, Heads = 12, KvHeads = 2, HeadDim = 128, Vocabulary = 151_936, Context = 32_768, RotaryBase = 1e6,
        },
        new()
        {
            Name = "qwen3-0.6b", Source = "Qwen/Qwen3-0.6B", Family = "qwen3", Architecture = "Qwen3ForCausalLM", HasHeadNorms = true,
            Hidden = 1024, Intermediate = 3072, Layers = 28, Heads = 16, KvHeads = 8, HeadDim = 128, Vocabulary = 151_936, Context = 40_960, RotaryBase = 1e6,
        },
        new()
        {
            Name = "llama3.2-1b", Source = "meta-llama/Llama-3.2-1B", Family = "llama", Architecture = "LlamaForCausalLM", HasLlama3Rotary = true, NormEpsilon = 1e-5,
            Hidden = 2048, Intermediate = 8192, Layers = 16, Heads = 32, KvHeads = 8, HeadDim = 64, Vocabulary = 128_256, Context = 131_072, RotaryBase = 5e5,
        },
        new()
        {
            Name = "smollm2-135m", Source = "HuggingFaceTB/SmolLM2-135M-Instruct", Family = "llama", Architecture = "LlamaForCausalLM", NormEpsilon = 1e-5,
            Hidden = 576, Intermediate = 1536, Layers = 30, Heads = 9, KvHeads = 3, HeadDim = 64, Vocabulary = 49_152, Context = 8192, RotaryBase = 1e5,
        },
        new()
        {
            Name = "smollm2-360m", Source = "HuggingFaceTB/SmolLM2-360M-Instruct", Family = "llama", Architecture = "LlamaForCausalLM", NormEpsilon = 1e-5,
            Hidden = 960, Intermediate = 2560, Layers = 32, Heads = 15, KvHeads = 5, HeadDim = 64, Vocabulary = 49_152, Context = 8192, RotaryBase = 1e5,
        },
        new()
        {
            Name = "tiny", Source = "no model: small enough to try the benchmark out", Family = "llama", Architecture = "LlamaForCausalLM",
            Hidden = 64, Intermediate = 160, Layers = 2, Heads = 4, KvHeads = 2, HeadDim = 16, Vocabulary = 512, Context = 2048, RotaryBase = 1e4,
        },
    ];

    public static ModelShape? Find(string name) => All.FirstOrDefault(shape => shape.Name == name);
}
