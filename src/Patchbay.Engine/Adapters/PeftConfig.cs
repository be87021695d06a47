using System.Text;
using System.Text.Json;

namespace Patchbay.Engine.Adapters;

/// <summary>
/// The fields of PEFT's <c>adapter_config.json</c> that change what an adapter computes. Anything in the file that is
/// neither here nor known to have no effect on inference is refused by name.
/// </summary>
internal sealed record PeftConfig
{
    private const string File = AdapterFiles.ConfigFile;
    private const int MaxRank = 4096;

    // Without effect on inference, whatever their value.
    private static readonly HashSet<string> s_ignored = new(StringComparer.Ordinal)
    {
        "auto_mapping", "inference_mode", "lora_dropout", "megatron_core", "peft_version", "qalora_group_size", "revision",
        "loftq_config", "eva_config", "corda_config", "lora_ga_config", "runtime_config", "use_qalora", "ensure_weight_tying",
        "monteclora_config", "velora_config", "enable_lora", "merge_weights", "fan_in_fan_out",
    };

    // Options of PEFT that are not applied here; refused unless they are off.
    private static readonly string[] s_unsupported =
    [
        "modules_to_save", "trainable_token_indices", "alora_invocation_tokens", "layer_replication", "use_bdlora",
        "arrow_config", "kasa_config", "megatron_config", "lora_bias",
    ];

    public int Rank { get; init; }

    public double Alpha { get; init; }

    /// <summary>Names to match at the end of a module's path; null if <see cref="TargetPattern"/> or the default decides.</summary>
    public IReadOnlyList<string>? Targets { get; init; }

    /// <summary>A regular expression for whole paths, or <c>all-linear</c>.</summary>
    public string? TargetPattern { get; init; }

    /// <summary>Names to match at the end of a parameter's path.</summary>
    public IReadOnlyList<string> Parameters { get; init; } = [];

    public IReadOnlyList<string> Excluded { get; init; } = [];

    public string? ExcludedPattern { get; init; }

    public bool UseRsLora { get; init; }

    public bool UseDora { get; init; }

    /// <summary>Ranks of single modules, in the order of the file: the first key that matches wins.</summary>
    public IReadOnlyList<(string Key, double Value)> RankPattern { get; init; } = [];

    public IReadOnlyList<(string Key, double Value)> AlphaPattern { get; init; } = [];

    /// <summary>Layers that are changed; null is all.</summary>
    public IReadOnlyList<int>? Layers { get; init; }

    public IReadOnlyList<string> LayersPattern { get; init; } = [];

    public string? BaseModel { get; init; }

    /// <exception cref="AdapterRefusedException">The configuration is broken or asks for something that is not applied.</exception>
    public static PeftConfig Parse(ReadOnlySpan<byte> json)
    {
        using var document = ParseJson(json);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new AdapterRefusedException($"{File}: expected a JSON object, found {root.ValueKind}.");
        }

        RefuseDuplicates(root);
        var fields = new FieldReader(root);
        RefuseKind(fields);
        foreach (var field in s_unsupported)
        {
            if (!fields.IsOff(field))
            {
                throw new AdapterRefusedException($"{File}: {Describe(field, fields)} is not supported.");
            }
        }

        var config = Read(fields);
        fields.RefuseOthers(s_ignored);
        return config.Checked();
    }

    /// <summary>Rank of a target, and the factor of its delta.</summary>
    /// <param name="path">Name of the module, or of the parameter.</param>
    public (int Rank, float Scale) RankAndScale(string path)
    {
        var rank = (int)PeftPatterns.Lookup("rank_pattern", RankPattern, path, Rank);
        var alpha = PeftPatterns.Lookup("alpha_pattern", AlphaPattern, path, Alpha);
        return (rank, (float)(UseRsLora ? alpha / Math.Sqrt(rank) : alpha / rank));
    }

    private static string Describe(string field, FieldReader fields) =>
        field == "lora_bias" && fields.Boolean("use_dora") ? "lora_bias together with use_dora" : field;

    private static PeftConfig Read(FieldReader fields)
    {
        var targets = fields.TextOrList("target_modules");
        var excluded = fields.TextOrList("exclude_modules");
        var parameters = fields.TextOrList("target_parameters");
        return new PeftConfig
        {
            Parameters = parameters.Text is { } single ? [single] : parameters.List ?? [],
            Rank = fields.Whole("r", 1, MaxRank),
            Alpha = fields.Number("lora_alpha"),
            Targets = targets.List,
            TargetPattern = targets.Text,
            Excluded = excluded.List ?? [],
            ExcludedPattern = excluded.Text,
            UseRsLora = fields.Boolean("use_rslora"),
            UseDora = fields.Boolean("use_dora"),
            RankPattern = fields.Pattern("rank_pattern", MaxRank),
            AlphaPattern = fields.Pattern("alpha_pattern", double.MaxValue),
            Layers = fields.Layers("layers_to_transform"),
            LayersPattern = fields.TextOrList("layers_pattern") is var pattern && pattern.Text is { } one ? [one] : pattern.List ?? [],
            BaseModel = fields.OptionalText("base_model_name_or_path"),
        };
    }

    private static void RefuseKind(FieldReader fields)
    {
        Expect(fields, "peft_type", "LORA", optional: false);
        Expect(fields, "task_type", "CAUSAL_LM", optional: true);
        Expect(fields, "bias", "none", optional: true);
        var init = fields.Take("init_lora_weights");
        if (init?.ValueKind == JsonValueKind.String)
        {
            var name = init.Value.GetString()!;
            if (name.StartsWith("pissa", StringComparison.Ordinal) || name is "olora" or "corda" or "loftq" or "lora_ga")
            {
                throw new AdapterRefusedException(
                    $"{File}: init_lora_weights '{name}' changes the base model's weights when training starts; convert the adapter with PEFT's path_initial_model_for_weight_conversion first.");
            }
        }
    }

    private static void Expect(FieldReader fields, string field, string expected, bool optional)
    {
        var found = fields.OptionalText(field);
        if (found != expected && !(optional && found is null))
        {
            throw new AdapterRefusedException($"{File}: {field}: expected {expected}, found {found ?? "nothing"}.");
        }
    }

    private PeftConfig Checked() => this switch
    {
        { Layers: not null, TargetPattern: not null } when TargetPattern != "all-linear" =>
            throw new AdapterRefusedException($"{File}: layers_to_transform works with a list of target_modules, not with a pattern."),
        { Parameters.Count: > 0, UseDora: true } =>
            throw new AdapterRefusedException($"{File}: use_dora: expected false with target_parameters, found true."),
        { LayersPattern.Count: > 0, Layers: null } =>
            throw new AdapterRefusedException($"{File}: layers_pattern needs layers_to_transform."),
        _ => this,
    };

    private static JsonDocument ParseJson(ReadOnlySpan<byte> json)
    {
        try
        {
            _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetCharCount(json);
            return JsonDocument.Parse(json.ToArray(), new JsonDocumentOptions { MaxDepth = 16 });
        }
        catch (Exception exception) when (exception is JsonException or DecoderFallbackException)
        {
            var problem = exception is JsonException { LineNumber: { } line } ? $"is not valid JSON (line {line + 1})" : "is not UTF-8";
            throw new AdapterRefusedException($"{File} {problem}.", exception);
        }
    }

    private static void RefuseDuplicates(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
        {
            if (!seen.Add(property.Name))
            {
                throw new AdapterRefusedException($"{File}: {property.Name} is given twice.");
            }

            RefuseDuplicates(property.Value);
        }
    }

    /// <summary>Reads fields with their types checked, and remembers which were read.</summary>
    private sealed class FieldReader(JsonElement root)
    {
        private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

        public JsonElement? Take(string name)
        {
            _taken.Add(name);
            return root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
        }

        public bool IsOff(string name) => Take(name) is not { } value || IsOff(value);

        public int Whole(string name, int least, int most) =>
            Take(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var whole) && whole >= least && whole <= most
                ? whole
                : throw Refuse(name, $"a whole number from {least} to {most}");

        public double Number(string name) =>
            Take(name) is { ValueKind: JsonValueKind.Number } value && double.IsFinite(value.GetDouble())
                ? value.GetDouble()
                : throw Refuse(name, "a number");

        public bool Boolean(string name) => Take(name) switch
        {
            null => false,
            { ValueKind: JsonValueKind.True } => true,
            { ValueKind: JsonValueKind.False } => false,
            _ => throw Refuse(name, "true or false"),
        };

        public string? OptionalText(string name) => Take(name) switch
        {
            null => null,
            { ValueKind: JsonValueKind.String } value => value.GetString(),
            _ => throw Refuse(name, "a string"),
        };

        public (string? Text, IReadOnlyList<string>? List) TextOrList(string name) => Take(name) switch
        {
            null => (null, null),
            { ValueKind: JsonValueKind.String } value => (value.GetString(), null),
            { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
                (null, [.. value.EnumerateArray().Select(item => item.GetString()!)]),
            _ => throw Refuse(name, "a string or a list of strings"),
        };

        public IReadOnlyList<int>? Layers(string name) => Take(name) switch
        {
            null => null,
            { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var layer) => [layer],
            { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out _)) =>
                [.. value.EnumerateArray().Select(item => item.GetInt32())],
            _ => throw Refuse(name, "a layer or a list of layers"),
        };

        public IReadOnlyList<(string Key, double Value)> Pattern(string name, double most) => Take(name) switch
        {
            null => [],
            { ValueKind: JsonValueKind.Object } value when value.EnumerateObject().All(entry =>
                entry.Value.ValueKind == JsonValueKind.Number && entry.Value.GetDouble() is var number && double.IsFinite(number) && number <= most) =>
                [.. value.EnumerateObject().Select(entry => (entry.Name, entry.Value.GetDouble()))],
            _ => throw Refuse(name, "an object of module names and numbers"),
        };

        public void RefuseOthers(HashSet<string> ignored)
        {
            foreach (var property in root.EnumerateObject())
            {
                if (!_taken.Contains(property.Name) && !ignored.Contains(property.Name) && !IsOff(property.Value))
                {
                    throw new AdapterRefusedException(
                        $"{File}: {property.Name} is not a field that is known here; it may change what the adapter computes.");
                }
            }
        }

        private static bool IsOff(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.False => true,
            JsonValueKind.Array => value.GetArrayLength() == 0,
            JsonValueKind.Object => !value.EnumerateObject().Any(),
            JsonValueKind.String => value.GetString()!.Length == 0,
            _ => false,
        };

        private AdapterRefusedException Refuse(string name, string expected) =>
            new($"{File}: {name}: expected {expected}, found {(root.TryGetProperty(name, out var value) ? Shortened(value.GetRawText()) : "nothing")}.");

        private static string Shortened(string text) => text.Length <= 60 ? text : text[..60] + "…";
    }
}
