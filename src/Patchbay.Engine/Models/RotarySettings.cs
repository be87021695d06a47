using System.Text.Json;
using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>
/// Reads the rotary settings of a configuration: <c>rope_parameters</c> (transformers 5) or <c>rope_theta</c> and
/// <c>rope_scaling</c> (transformers 4).
/// </summary>
internal sealed class RotarySettings
{
    private const string SlidingAttention = "sliding_attention";

    private static readonly string[] s_known =
    [
        "rope_type", "type", "rope_theta", "partial_rotary_factor", "factor", "original_max_position_embeddings", "low_freq_factor",
        "high_freq_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "attention_factor", "truncate", "alpha", "short_factor",
        "long_factor", "finetuned", "full_attention", SlidingAttention,
    ];

    private readonly ModelConfig _config;
    private readonly RotaryOptions _options;
    private readonly JsonElement? _parameters;

    private RotarySettings(ModelConfig config, RotaryOptions options)
    {
        _config = config;
        _options = options;
        _parameters = config.Object("rope_parameters") ?? config.Object("rope_scaling");

        // What rope_parameters says goes before the same at the top, which older configurations keep.
        config.Ignore(
            "rope_scaling", "rope_theta", "rope_local_base_freq", "rotary_emb_base", "rotary_pct", "partial_rotary_factor", "original_max_position_embeddings");
        if (options.LayerType is { } layerType && _parameters is { } all && all.TryGetProperty(layerType, out var own)
            && own.ValueKind == JsonValueKind.Object)
        {
            _parameters = own;
        }
        else if (options.LayerType == SlidingAttention)
        {
            // The words of transformers 4: what stretches the context stretches full attention only.
            _parameters = null;
        }
    }

    /// <param name="config">The model's configuration.</param>
    /// <param name="headDim">Values of a head.</param>
    /// <param name="options">What the family knows without the configuration.</param>
    /// <exception cref="InvalidDataException">The settings are not known here, or incomplete.</exception>
    public static RotaryFrequencies Read(ModelConfig config, int headDim, RotaryOptions options) =>
        new RotarySettings(config, options).Read(headDim);

    private RotaryFrequencies Read(int headDim)
    {
        var dim = (int)(headDim * (Number("partial_rotary_factor")
            ?? _config.Number("partial_rotary_factor", _config.Number("rotary_pct", _options.PartialFactor))));
        if (dim < 2 || dim > headDim || dim % 2 != 0)
        {
            throw Refuse("partial_rotary_factor", $"a share that turns an even number of a head's {headDim} values", $"{dim}");
        }

        if (_parameters is { } p && p.EnumerateObject().Where(IsUnknown).Select(field => field.Name).FirstOrDefault() is { } unknown)
        {
            throw Refuse(unknown, "nothing", "it");
        }

        var theta = Number("rope_theta") ?? Theta();
        var trained = Number("original_max_position_embeddings") ?? _config.ContextLength;
        return (Text("rope_type") ?? Text("type") ?? "default") switch
        {
            "default" => RotaryFrequencies.Default(dim, theta),
            "linear" => RotaryFrequencies.Linear(dim, theta, Required("factor")),
            "dynamic" when Number("alpha") is { } alpha =>
                // Hunyuan: the base is stretched once, whatever the length.
                RotaryFrequencies.Default(dim, theta * Math.Pow(alpha, dim / (dim - 2.0))),
            "dynamic" => RotaryFrequencies.Dynamic(dim, theta, Required("factor"), (int)trained),
            "llama3" => RotaryFrequencies.Llama3(
                dim, theta, Required("factor"), Required("low_freq_factor"), Required("high_freq_factor"), trained),
            "yarn" => RotaryFrequencies.Yarn(dim, theta, Yarn(trained)),
            "longrope" or "su" => RotaryFrequencies.LongRope(dim, theta, LongRope(dim)),
            var other => throw Refuse("rope_type", "default, linear, dynamic, llama3, yarn or longrope", other),
        };
    }

    private static bool IsUnknown(JsonProperty field) =>
        field.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False) && !s_known.Contains(field.Name);

    private double Theta()
    {
        var global = _config.Number("rope_theta", _config.Number("rotary_emb_base", _options.Theta));
        return _options.LayerType == SlidingAttention ? _config.Number("rope_local_base_freq", global) : global;
    }

    private YarnSettings Yarn(double trained)
    {
        var factor = Number("factor") ?? _config.ContextLength / trained;
        return new YarnSettings(
            factor,
            trained,
            Number("attention_factor") ?? Mscale(factor),
            Number("beta_fast") ?? 32,
            Number("beta_slow") ?? 1,
            !(_parameters is { } p && p.TryGetProperty("truncate", out var truncate) && truncate.ValueKind == JsonValueKind.False));
    }

    private LongRopeSettings LongRope(int dim)
    {
        var trained = Number("original_max_position_embeddings") ?? _config.Number("original_max_position_embeddings", _config.ContextLength);
        var factor = trained == _config.ContextLength ? Number("factor") ?? 1 : _config.ContextLength / trained;
        return new LongRopeSettings(
            Numbers("short_factor", dim / 2),
            Numbers("long_factor", dim / 2),
            (int)trained,
            Number("attention_factor") ?? (factor <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(factor) / Math.Log(trained)))));
    }

    private double Mscale(double factor) =>
        Number("mscale") is { } mscale && Number("mscale_all_dim") is { } all && mscale != 0 && all != 0
            ? Scale(factor, mscale) / Scale(factor, all)
            : Scale(factor, 1);

    private static double Scale(double factor, double mscale) => factor <= 1 ? 1 : (0.1 * mscale * Math.Log(factor)) + 1;

    private string? Text(string name) =>
        _parameters is { } p && p.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private double? Number(string name) =>
        _parameters is { } p && p.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    private double Required(string name) => Number(name) ?? throw Refuse(name, "a number", "nothing");

    private double[] Numbers(string name, int count)
    {
        var numbers = _parameters is { } p && p.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Number).Select(item => item.GetDouble()).ToArray()
            : [];
        return numbers.Length == count ? numbers : throw Refuse(name, $"a list of {count} numbers", $"{numbers.Length}");
    }

    private static InvalidDataException Refuse(string name, string expected, string found) =>
        new($"config.json: {name} of the rotary settings: expected {expected}, found {found}.");
}
