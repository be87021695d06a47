using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Patchbay.Engine.Checkpoints.Gguf;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Models;

/// <summary>
/// A GGUF file in the words of Hugging Face: metadata as a configuration, tensors under their original names and in their
/// original order of rows (llama.cpp <c>gguf-py/gguf/{constants,tensor_mapping}.py</c>, <c>convert_hf_to_gguf.py</c>).
/// </summary>
internal sealed unsafe class GgufWeights : IWeightSource
{
    private static readonly Dictionary<string, (string ModelType, string Architecture)> s_architectures = new()
    {
        ["llama"] = ("llama", "LlamaForCausalLM"),
        ["qwen2"] = ("qwen2", "Qwen2ForCausalLM"),
        ["qwen3"] = ("qwen3", "Qwen3ForCausalLM"),
    };

    private static readonly (string Gguf, string HuggingFace)[] s_layerParts =
    [
        ("attn_q", "self_attn.q_proj"), ("attn_k", "self_attn.k_proj"), ("attn_v", "self_attn.v_proj"), ("attn_output", "self_attn.o_proj"),
        ("attn_q_norm", "self_attn.q_norm"), ("attn_k_norm", "self_attn.k_norm"), ("attn_norm", "input_layernorm"),
        ("ffn_gate", "mlp.gate_proj"), ("ffn_up", "mlp.up_proj"), ("ffn_down", "mlp.down_proj"), ("ffn_norm", "post_attention_layernorm"),
    ];

    private readonly GgufFile _file;
    private readonly Dictionary<string, TensorView> _tensors = [];
    private readonly List<NativeBuffer> _reordered = [];

    private GgufWeights(GgufFile file)
    {
        _file = file;
        var architecture = file.Get("general.architecture").AsString();
        Config = new ModelConfig(ReadConfig(architecture), "GGUF metadata");
        foreach (var tensor in file.Tensors)
        {
            Add(architecture, tensor);
        }
    }

    /// <summary>The values of <c>general.architecture</c> that can be read, with the <c>model_type</c> of each.</summary>
    public static IReadOnlyDictionary<string, string> Architectures { get; } =
        s_architectures.ToDictionary(entry => entry.Key, entry => entry.Value.ModelType);

    public ModelConfig Config { get; }

    public GgufFile File => _file;

    public string Name => "The GGUF file";

    public IEnumerable<string> Names => _tensors.Keys;

    /// <exception cref="InvalidDataException">The file is no valid GGUF file, or its architecture is not known.</exception>
    public static GgufWeights Open(string path)
    {
        var file = GgufFile.Open(path);
        try
        {
            return new GgufWeights(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public bool TryGet(string name, [NotNullWhen(true)] out TensorView? tensor) => _tensors.TryGetValue(name, out tensor);

    public void Dispose()
    {
        _reordered.ForEach(buffer => buffer.Dispose());
        _file.Dispose();
    }

    private JsonElement ReadConfig(string architecture)
    {
        if (!s_architectures.TryGetValue(architecture, out var names))
        {
            throw new InvalidDataException(
                $"GGUF key 'general.architecture': expected one of {string.Join(", ", s_architectures.Keys)}, found {architecture}.");
        }

        var config = new JsonObject
        {
            ["model_type"] = names.ModelType,
            ["architectures"] = new JsonArray(names.Architecture),
            ["hidden_size"] = Whole("embedding_length"),
            ["intermediate_size"] = Whole("feed_forward_length"),
            ["num_hidden_layers"] = Whole("block_count"),
            ["num_attention_heads"] = Whole("attention.head_count"),
            ["num_key_value_heads"] = Whole("attention.head_count_kv"),
            ["head_dim"] = Find("attention.key_length") is null ? null : Whole("attention.key_length"),
            ["max_position_embeddings"] = Whole("context_length"),
            ["rms_norm_eps"] = Find("attention.layer_norm_rms_epsilon")?.AsNumber() ?? 1e-6,
            ["rope_theta"] = Find("rope.freq_base")?.AsNumber() ?? 10000,
            ["vocab_size"] = Vocabulary(),
            ["tie_word_embeddings"] = !_file.TryGetTensor("output.weight", out _),
        };
        if (Find("rope.scaling.type")?.AsString() is { } scaling and not "none")
        {
            throw new InvalidDataException($"GGUF key '{architecture}.rope.scaling.type': expected none, found {scaling}.");
        }

        if (_file.Find("tokenizer.ggml.eos_token_id") is { } endOfSequence)
        {
            config["eos_token_id"] = endOfSequence.AsInteger();
        }

        return JsonDocument.Parse(config.ToJsonString()).RootElement;

        GgufValue? Find(string key) => _file.Find($"{architecture}.{key}");

        long Whole(string key) => _file.Get($"{architecture}.{key}").AsInteger();
    }

    private long Vocabulary() => _file.TryGetTensor("token_embd.weight", out var tensor) && tensor!.Shape.Length == 2
        ? tensor.Shape[0]
        : throw new InvalidDataException("GGUF tensor 'token_embd.weight': expected shape (vocabulary, hidden), found no such tensor.");

    private void Add(string architecture, GgufTensor tensor)
    {
        var name = Translate(tensor.Name)
            ?? throw new InvalidDataException($"GGUF tensor '{tensor.Name}' belongs to no part of a {architecture} model that is known here.");
        var type = ToElementType(tensor);
        var data = _file.DataOf(tensor);
        if (architecture == "llama" && (tensor.Name.Contains(".attn_q.", StringComparison.Ordinal) || tensor.Name.Contains(".attn_k.", StringComparison.Ordinal)))
        {
            data = HalvesTogether(tensor, tensor.Name.Contains(".attn_q.", StringComparison.Ordinal) ? Config.HeadCount : Config.KvHeadCount);
        }

        _tensors.Add(name, new TensorView(name, type, tensor.Shape, (nint)data, tensor.ByteLength));
    }

    private static string? Translate(string name)
    {
        var dot = name.LastIndexOf('.');
        var (stem, suffix) = (name[..Math.Max(0, dot)], name[(dot + 1)..]);
        switch (stem)
        {
            case "token_embd": return $"model.embed_tokens.{suffix}";
            case "output_norm": return $"model.norm.{suffix}";
            case "output": return $"lm_head.{suffix}";
        }

        var parts = stem.Split('.');
        if (parts is not ["blk", var number, var part] || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var layer))
        {
            return null;
        }

        var match = Array.Find(s_layerParts, entry => entry.Gguf == part);
        return match.HuggingFace is null ? null : $"model.layers.{layer}.{match.HuggingFace}.{suffix}";
    }

    private static ElementType ToElementType(GgufTensor tensor) => tensor.SupportedType.Name switch
    {
        "Q2_K" => ElementType.Q2K,
        "Q3_K" => ElementType.Q3K,
        "Q4_K" => ElementType.Q4K,
        "Q5_K" => ElementType.Q5K,
        "Q6_K" => ElementType.Q6K,
        "IQ4_NL" => ElementType.IQ4NL,
        var name => Enum.Parse<ElementType>(name),
    };

    // llama.cpp turns neighbouring values and stores the rows of each head as 0, d/2, 1, d/2 + 1, …; Hugging Face turns the
    // halves against each other. Adapters are trained on the latter.
    private byte* HalvesTogether(GgufTensor tensor, int heads)
    {
        var rows = (int)tensor.Shape[0];
        var rowBytes = tensor.ByteLength / rows;
        var headDim = rows / heads;
        var buffer = new NativeBuffer(tensor.ByteLength);
        _reordered.Add(buffer);
        for (var row = 0; row < rows; row++)
        {
            var (head, within) = (row / headDim, row % headDim);
            var source = (head * headDim) + (2 * (within % (headDim / 2))) + (within / (headDim / 2));
            Buffer.MemoryCopy(_file.DataOf(tensor) + (source * rowBytes), buffer.Data + (row * rowBytes), rowBytes, rowBytes);
        }

        return buffer.Data;
    }
}
