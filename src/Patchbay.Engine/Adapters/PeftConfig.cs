using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Patchbay.Engine.Adapters;

/// <summary>Which biases an adapter replaces.</summary>
internal enum BiasKind
{
    None,
    All,
    LoraOnly,
}

/// <summary>
/// The fields of PEFT's <c>adapter_config.json</c> that change what an adapter computes. Anything in the file that is
/// neither here nor known to have no effect on inference is refused by name.
/// </summary>
internal sealed partial record PeftConfig
{
    private const string File = AdapterFiles.ConfigFile;
    private const int MaxRank = 4096;

    // Without effect on inference, whatever their value.
    private static readonly HashSet<string> s_ignored = new(StringComparer.Ordinal)
    {
        "auto_mapping", "inference_mode", "lora_dropout", "megatron_core", "peft_version", "qalora_group_size",
        "loftq_config", "eva_config", "corda_config", "lora_ga_config", "runtime_config", "use_qalora", "enable_lora",
        "merge_weights", "fan_in_fan_out",
    };

    // Options of PEFT that are not applied here; refused unless they are off.
    private static readonly string[] s_unsupported =
    ["arrow_config", "megatron_config"];

    // Each decides how a module computes; PEFT applies one of them.
    private static readonly string[] s_variants =
        ["use_dora", "alora_invocation_tokens", "use_bdlora", "kasa_config", "monteclora_config", "velora_config"];

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

    /// <summary>The base model's revision, such as a commit; null where it was not named.</summary>
    public string? BaseRevision { get; init; }

    /// <summary>Ends of the names of modules whose values are replaced.</summary>
    public IReadOnlyList<string> Saved { get; init; } = [];

    public BiasKind Bias { get; init; }

    /// <summary>Whether B has a bias.</summary>
    public bool UseLoraBias { get; init; }

    /// <summary>Rows that are replaced, by the name of the embedding; null is the embedding of tokens.</summary>
    public IReadOnlyList<(string? Module, IReadOnlyList<int> Tokens)> TrainableTokens { get; init; } = [];

    /// <summary>Whether embedding and head of a tied model change alike.</summary>
    public bool EnsuresTying { get; init; }

    public IReadOnlyList<int>? InvocationTokens { get; init; }

    /// <summary>Ranges of the base model's layers [first, end) that the stack of layers becomes; null leaves it.</summary>
    public IReadOnlyList<(int First, int End)>? Replication { get; init; }

    public BlockDiagonal? Blocks { get; init; }

    public bool UseKasa { get; init; }

    /// <summary>Last parts of the names of tensors that training needs and inference does not.</summary>
    public IReadOnlyList<string> IdleTensors { get; init; } = [];

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
        var fields = new ConfigFields(root);
        RefuseKind(fields);
        foreach (var field in s_unsupported)
        {
            if (!fields.IsOff(field))
            {
                throw new AdapterRefusedException($"{File}: {field} is not supported.");
            }
        }

        RefuseCombination(fields);
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

    private static PeftConfig Read(ConfigFields fields)
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
            BaseRevision = fields.OptionalText("revision"),
            Saved = fields.TextOrList("modules_to_save").List ?? [],
            Bias = ReadBias(fields),
            UseLoraBias = fields.Boolean("lora_bias"),
            TrainableTokens = fields.TokensOfModules("trainable_token_indices"),
            EnsuresTying = fields.Boolean("ensure_weight_tying"),
            InvocationTokens = fields.Tokens("alora_invocation_tokens") is { Count: > 0 } invocation ? invocation : null,
            Replication = fields.Ranges("layer_replication"),
            Blocks = BlockDiagonal.Read(fields.Object("use_bdlora", "target_modules_bd_a", "target_modules_bd_b", "nblocks", "match_strict")),
            UseKasa = !fields.IsOff("kasa_config"),
            IdleTensors =
            [
                .. fields.IsOff("monteclora_config") ? [] : new[] { "lora_monteclora_sampler" },
                .. fields.IsOff("velora_config") ? [] : new[] { "lora_velora_embed" },
            ],
        };
    }

    private static BiasKind ReadBias(ConfigFields fields) => fields.OptionalText("bias") switch
    {
        null or "none" => BiasKind.None,
        "all" => BiasKind.All,
        "lora_only" => BiasKind.LoraOnly,
        var other => throw new AdapterRefusedException($"{File}: bias: expected none, all or lora_only, found {other}."),
    };

    private static void RefuseCombination(ConfigFields fields)
    {
        var variants = s_variants.Where(field => !fields.IsOff(field)).ToList();
        if (variants.Count > 1)
        {
            throw new AdapterRefusedException($"{File}: expected one of {string.Join(" and ", variants)}, found {variants.Count} of them; PEFT has no such combination.");
        }

        if (fields.Boolean("lora_bias") && variants.FirstOrDefault(field => field is "use_dora" or "kasa_config" or "use_bdlora") is { } variant)
        {
            throw new AdapterRefusedException($"{File}: lora_bias together with {variant} is not supported.");
        }
    }

    private static void RefuseKind(ConfigFields fields)
    {
        Expect(fields, "peft_type", "LORA", optional: false);
        Expect(fields, "task_type", "CAUSAL_LM", optional: true);
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

    private static void Expect(ConfigFields fields, string field, string expected, bool optional)
    {
        var found = fields.OptionalText(field);
        if (found != expected && !(optional && found is null))
        {
            throw new AdapterRefusedException($"{File}: {field}: expected {expected}, found {found ?? "nothing"}.");
        }
    }

    private string? Variant => UseKasa ? "kasa_config" : Blocks is not null ? "use_bdlora" : UseLoraBias ? "lora_bias" : null;

    private PeftConfig Checked() => this switch
    {
        { Layers: not null, TargetPattern: not null } when TargetPattern != "all-linear" =>
            throw new AdapterRefusedException($"{File}: layers_to_transform works with a list of target_modules, not with a pattern."),
        { Parameters.Count: > 0, UseDora: true } =>
            throw new AdapterRefusedException($"{File}: use_dora: expected false with target_parameters, found true."),
        { Parameters.Count: > 0, Variant: { } variant } =>
            throw new AdapterRefusedException($"{File}: {variant}: expected nothing with target_parameters, which PEFT does not apply it to."),
        { Replication: not null, InvocationTokens: not null } =>
            throw new AdapterRefusedException($"{File}: layer_replication together with alora_invocation_tokens is not supported."),
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
            var problem = exception is JsonException { LineNumber: { } line } ? $"is not valid JSON (line {line + 1}{FieldIn(json, (int)line)})" : "is not UTF-8";
            throw new AdapterRefusedException($"{File} {problem}.", exception);
        }
    }

    /// <summary>The field that a line is about, for the message; NaN and Infinity, which Python writes, are no JSON.</summary>
    private static string FieldIn(ReadOnlySpan<byte> json, int line)
    {
        var lines = Encoding.UTF8.GetString(json).Split('\n');
        var name = line < lines.Length ? FieldName().Match(lines[line]).Groups[1].Value : "";
        return name.Length > 0 ? $", at {name}" : "";
    }

    [GeneratedRegex("^\\s*\"(\\w{1,60})\"\\s*:", RegexOptions.CultureInvariant)]
    private static partial Regex FieldName();

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
}
