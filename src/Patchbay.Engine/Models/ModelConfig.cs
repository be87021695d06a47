using System.Text.Json;
using System.Text.RegularExpressions;

namespace Patchbay.Engine.Models;

/// <summary>
/// The fields of a model's <c>config.json</c>, read with their types checked. Knows the words of transformers 4 and 5 for the
/// fields that all families share; what is special to a family, the family reads.
/// </summary>
internal sealed class ModelConfig
{
    private static readonly Regex s_infinity = new(@"(?<=[\[,:]\s*)Infinity(?=\s*[,\]}])", RegexOptions.CultureInvariant);
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private readonly JsonElement _root;
    private readonly string _file;

    /// <param name="root">The object.</param>
    /// <param name="file">What messages call it.</param>
    public ModelConfig(JsonElement root, string file)
    {
        _root = root;
        _file = file;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidDataException($"{file}: expected a JSON object, found {root.ValueKind}.");
        }

        ModelType = Text("model_type") ?? throw Refuse("model_type", "a string");
        Architecture = root.TryGetProperty("architectures", out var list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0
            ? list[0].GetString() ?? ModelType
            : ModelType;
    }

    public string ModelType { get; }

    /// <summary>The class that transformers would load, for example <c>Qwen3ForCausalLM</c>.</summary>
    public string Architecture { get; }

    public int VocabularySize => Whole("vocab_size");

    public int HiddenSize => WholeOf("hidden_size", "n_embd", "n_embed");

    public int IntermediateSize => Whole("intermediate_size");

    public int LayerCount => WholeOf("num_hidden_layers", "n_layer");

    public int HeadCount => WholeOf("num_attention_heads", "n_head");

    public int KvHeadCount => Whole("num_key_value_heads", HeadCount) is var count && count > 0 && HeadCount % count == 0
        ? count
        : throw Refuse("num_key_value_heads", $"a divisor of the {HeadCount} heads");

    public int HeadDim => Whole("head_dim", HiddenSize / HeadCount);

    /// <summary>Longest sequence; where a model that could go on for ever does not say one, as long as such models are trained.</summary>
    public int ContextLength => (int)Number("max_position_embeddings", Number("n_positions", Number("seq_length", 2048)));

    /// <summary>Positions that a row of a sliding layer sees, itself included; 0 where the model has no such layers.</summary>
    public int SlidingWindow => Whole("sliding_window", 0);

    public float RmsNormEpsilon => (float)Number("rms_norm_eps", 1e-6);

    /// <summary>ε of LayerNorm, under the names that families give it.</summary>
    public float LayerNormEpsilon =>
        (float)Number("layer_norm_eps", Number("layer_norm_epsilon", Number("norm_epsilon", Number("norm_eps", 1e-5))));

    /// <summary>Tokens that end a sequence; the field holds one, a list or nothing.</summary>
    public IReadOnlyList<int> EndOfSequence => ReadTokens(_root, "eos_token_id");

    public static ModelConfig Read(string path)
    {
        var file = Path.GetFileName(path);
        if (!System.IO.File.Exists(path))
        {
            throw new InvalidDataException($"The model directory has no {file}.");
        }

        try
        {
            // Python before transformers 5 writes infinity as it is, which JSON does not know; a number too large to hold reads as infinity.
            var text = s_infinity.Replace(System.IO.File.ReadAllText(path), "1e999");
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 32 });
            return new ModelConfig(document.RootElement.Clone(), file);
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{file} is not valid JSON (line {exception.LineNumber + 1}).", exception);
        }
    }

    public static IReadOnlyList<int> ReadTokens(JsonElement root, string name) =>
        !root.TryGetProperty(name, out var value) ? []
        : value.ValueKind == JsonValueKind.Number ? [value.GetInt32()]
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(item => item.GetInt32())]
        : [];

    public int Whole(string name, int? fallback = null)
    {
        if (!TryGet(name, out var value))
        {
            return fallback ?? throw Refuse(name, "a whole number");
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= 0
            ? number
            : throw Refuse(name, "a whole number, 0 or more");
    }

    /// <summary>A list of strings; empty if there is none.</summary>
    public IReadOnlyList<string> TextList(string name) => !TryGet(name, out var value) ? []
        : value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(item => item.GetString()!)]
            : throw Refuse(name, "a list of strings");

    /// <summary>A size, 1 or more, by the first of several names that is there.</summary>
    public int WholeOf(params ReadOnlySpan<string> names)
    {
        Ignore(names);
        foreach (var name in names)
        {
            if (TryGet(name, out _))
            {
                return Whole(name) is var size and > 0 ? size : throw Refuse(name, "a whole number, 1 or more");
            }
        }

        throw Refuse(names[0], "a whole number");
    }

    public double Number(string name, double fallback) => !TryGet(name, out var value) ? fallback
        : value.ValueKind == JsonValueKind.Number ? value.GetDouble()
        : throw Refuse(name, "a number");

    public bool Boolean(string name, bool fallback) => !TryGet(name, out var value) ? fallback
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Refuse(name, "true or false");

    public string? Text(string name) => !TryGet(name, out var value) ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw Refuse(name, "a string");

    /// <summary>Whether a layer sees <see cref="SlidingWindow"/> positions only: by <c>layer_types</c> or, before transformers 5, by a pattern.</summary>
    /// <param name="layer">Which layer.</param>
    /// <param name="pattern">The family's pattern: one of so many layers, the last, sees everything.</param>
    public bool IsSliding(int layer, int pattern)
    {
        Ignore("sliding_window_pattern", "_sliding_window_pattern");
        if (TryGet("layer_types", out var types))
        {
            return types.ValueKind == JsonValueKind.Array && types.GetArrayLength() == LayerCount
                ? types[layer].ToString() switch
                {
                    "sliding_attention" => true,
                    "full_attention" => false,
                    _ => throw Refuse("layer_types", "full_attention or sliding_attention"),
                }
                : throw Refuse("layer_types", $"a list of {LayerCount} names");
        }

        pattern = Whole("sliding_window_pattern", Whole("_sliding_window_pattern", pattern));
        return SlidingWindow > 0 && pattern > 0 && (layer + 1) % pattern != 0;
    }

    /// <summary>A list of whole numbers, or null.</summary>
    public IReadOnlyList<int>? Numbers(string name) => !TryGet(name, out var value) ? null
        : value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out _))
            ? [.. value.EnumerateArray().Select(item => item.GetInt32())]
        : throw Refuse(name, "a list of whole numbers");

    /// <summary>A list of numbers, infinity among them; empty if there is none.</summary>
    public IReadOnlyList<double> RealNumbers(string name)
    {
        return !TryGet(name, out var value) ? []
            : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(Real)]
            : throw Refuse(name, "a list of numbers");

        // transformers 5 writes infinity as {"__float__": "Infinity"}.
        double Real(JsonElement item) => item.ValueKind == JsonValueKind.Number ? item.GetDouble()
            : item.ValueKind == JsonValueKind.Object && item.TryGetProperty("__float__", out var text) && text.ToString() == "Infinity"
                ? double.PositiveInfinity
            : throw Refuse(name, "a list of numbers");
    }

    /// <summary>A nested object, or null.</summary>
    public JsonElement? Object(string name) => TryGet(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    /// <summary>Refuses a field that changes the computation in a way that is not applied, unless it has the given value.</summary>
    public void Require(string name, string? expected)
    {
        var found = TryGet(name, out var value) ? value.ToString() : null;
        if (found is not null && !string.Equals(found, expected, StringComparison.OrdinalIgnoreCase))
        {
            throw Refuse(name, expected ?? "nothing");
        }
    }

    /// <summary>Says that fields, whatever they hold, change nothing that is computed in this family.</summary>
    public void Ignore(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            _read.Add(name);
        }
    }

    /// <summary>Applies to a model that is built: what it did not ask for, it does not compute.</summary>
    /// <exception cref="InvalidDataException">A field holds something, and is neither read nor known to change nothing.</exception>
    public void RefuseUnread()
    {
        if (Object("quantization_config") is not null || Object("compression_config") is not null)
        {
            throw new InvalidDataException(
                $"{_file}: quantization_config: weights that are quantised this way are not known here; take the original checkpoint or a GGUF file.");
        }

        foreach (var field in _root.EnumerateObject())
        {
            if (!IsEmpty(field.Value) && !_read.Contains(field.Name) && !NeutralFields.Contains(field.Name))
            {
                throw new InvalidDataException($"{_file}: {field.Name} is not known here; it may change what the model computes.");
            }
        }

        static bool IsEmpty(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.False => true,
            JsonValueKind.String => value.GetString() == "",
            JsonValueKind.Array => value.GetArrayLength() == 0,
            JsonValueKind.Object => !value.EnumerateObject().Any(),
            _ => false,
        };
    }

    /// <summary>Refuses windows in families whose configurations carry the width of one that no layer uses.</summary>
    public void RequireFullAttention()
    {
        Require("use_sliding_window", "false");
        Ignore("sliding_window", "max_window_layers");
        if (TextList("layer_types").Any(type => type != "full_attention"))
        {
            throw Refuse("layer_types", "full_attention only");
        }
    }

    public InvalidDataException Refuse(string name, string expected) =>
        new($"{_file}: {name}: expected {expected}, found {(TryGet(name, out var value) ? value.GetRawText() : "nothing")}.");

    private bool TryGet(string name, out JsonElement value)
    {
        _read.Add(name);
        return _root.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
    }
}
