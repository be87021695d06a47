using System.Text.Json;
using System.Text.Json.Nodes;
using Patchbay.Engine.Checkpoints.Gguf;

namespace Patchbay.Engine.Models;

/// <summary>Writes the metadata of a GGUF file as the configuration that transformers would read.</summary>
internal static class GgufConfig
{
    private static readonly string[] s_yarnExtras =
    [
        "rope.scaling.attn_factor", "rope.scaling.yarn_attn_factor", "rope.scaling.yarn_ext_factor", "rope.scaling.yarn_log_multiplier",
    ];

    /// <exception cref="InvalidDataException">Something is missing, or not known here.</exception>
    public static ModelConfig Read(GgufFile file, GgufMetadata metadata, GgufArchitecture architecture)
    {
        var config = new JsonObject
        {
            ["model_type"] = architecture.ModelType,
            ["hidden_size"] = metadata.Whole("embedding_length"),
            ["intermediate_size"] = metadata.Whole("feed_forward_length"),
            ["num_hidden_layers"] = metadata.Whole("block_count"),
            ["num_attention_heads"] = metadata.Whole("attention.head_count"),
            ["num_key_value_heads"] = metadata.Find("attention.head_count_kv")?.AsInteger() ?? metadata.Whole("attention.head_count"),
            ["max_position_embeddings"] = metadata.Whole("context_length"),
            ["vocab_size"] = Vocabulary(file),
            ["tie_word_embeddings"] = !metadata.HasTensor("output.weight"),
            ["rope_theta"] = metadata.Number("rope.freq_base", 10000),
        };
        AddHeads(metadata, config);
        AddNorms(metadata, config);
        AddWindows(metadata, config);
        if (Rotary(metadata) is { } rotary)
        {
            config["rope_scaling"] = rotary;
        }

        if (file.Find("tokenizer.ggml.eos_token_id") is { } endOfSequence)
        {
            config["eos_token_id"] = endOfSequence.AsInteger();
        }

        architecture.AddFields(metadata, config);
        metadata.RefuseUnread();
        return new ModelConfig(JsonDocument.Parse(config.ToJsonString()).RootElement, "GGUF metadata");
    }

    private static long Vocabulary(GgufFile file) => file.TryGetTensor("token_embd.weight", out var tensor) && tensor!.Shape.Length == 2
        ? tensor.Shape[0]
        : throw new InvalidDataException("GGUF tensor 'token_embd.weight': expected shape (vocabulary, hidden), found no such tensor.");

    private static void AddHeads(GgufMetadata metadata, JsonObject config)
    {
        var size = metadata.Whole("embedding_length") / Math.Max(1, metadata.Whole("attention.head_count"));
        if (metadata.Find("attention.key_length")?.AsInteger() is { } stated)
        {
            // Some families have heads of one size only and do not read it.
            if (stated != size)
            {
                config["head_dim"] = stated;
            }

            size = stated;
        }

        if (metadata.Find("attention.value_length")?.AsInteger() is { } values && values != size)
        {
            throw metadata.Refuse("attention.value_length", $"{size}", $"{values}");
        }

        if (metadata.Find("rope.dimension_count")?.AsInteger() is { } turned && turned != size)
        {
            // The share is multiplied by the size and rounded down.
            config["partial_rotary_factor"] = (turned + 0.5) / size;
        }
    }

    private static void AddNorms(GgufMetadata metadata, JsonObject config)
    {
        if (metadata.Find("attention.layer_norm_rms_epsilon") is { } rms)
        {
            config["rms_norm_eps"] = rms.AsNumber();
        }

        if (metadata.Find("attention.layer_norm_epsilon") is { } plain)
        {
            config["layer_norm_epsilon"] = plain.AsNumber();
        }
    }

    private static void AddWindows(GgufMetadata metadata, JsonObject config)
    {
        if (metadata.Find("attention.sliding_window")?.AsInteger() is { } window)
        {
            config["sliding_window"] = window;
        }

        if (metadata.Find("attention.sliding_window_pattern") is not { } pattern)
        {
            return;
        }

        if (pattern.IsArray)
        {
            config["layer_types"] = new JsonArray(
                [.. pattern.ToBooleanArray().Select(slides => (JsonNode)(slides ? "sliding_attention" : "full_attention"))]);
        }
        else
        {
            config["sliding_window_pattern"] = pattern.AsInteger();
        }
    }

    private static JsonObject? Rotary(GgufMetadata metadata)
    {
        // Says where the weights come from, not what they compute.
        metadata.Find("rope.scaling.finetuned");

        // Llama 3.1: a divisor for each frequency. Phi-3: two lists of them, the second for long sequences.
        var context = metadata.Whole("context_length");
        var factors = metadata.Values("rope_freqs.weight");
        if ((factors ?? metadata.Values("rope_factors_short.weight")) is { } shortFactors)
        {
            var longFactors = factors ?? metadata.Values("rope_factors_long.weight")
                ?? throw new InvalidDataException("GGUF tensor 'rope_factors_long.weight': expected beside rope_factors_short.weight, found none.");
            RequireType(metadata, "longrope");
            return new JsonObject
            {
                ["rope_type"] = "longrope",
                ["short_factor"] = new JsonArray([.. shortFactors.Select(value => (JsonNode)value)]),
                ["long_factor"] = new JsonArray([.. longFactors.Select(value => (JsonNode)value)]),
                ["original_max_position_embeddings"] = factors is null ? metadata.Whole("rope.scaling.original_context_length") : context,
                ["attention_factor"] = metadata.Number("rope.scaling.attn_factor", 1),
            };
        }

        var type = metadata.Find("rope.scaling.type")?.AsString() ?? "none";
        var original = metadata.Find("rope.scaling.original_context_length");
        switch (type)
        {
            case "none":
                return null;
            case "linear":
                return new JsonObject { ["rope_type"] = "linear", ["factor"] = metadata.Number("rope.scaling.factor") };
            case "yarn":
                if (Array.Find(s_yarnExtras, key => metadata.Find(key) is not null) is { } extra)
                {
                    throw metadata.Refuse(extra, "nothing", "a value");
                }

                return new JsonObject
                {
                    ["rope_type"] = "yarn",
                    ["factor"] = metadata.Number("rope.scaling.factor"),
                    ["original_max_position_embeddings"] = original?.AsInteger() ?? context,
                    ["beta_fast"] = metadata.Number("rope.scaling.yarn_beta_fast", 32),
                    ["beta_slow"] = metadata.Number("rope.scaling.yarn_beta_slow", 1),
                };
            default:
                throw metadata.Refuse("rope.scaling.type", "none, linear, yarn, or longrope with its factors", type);
        }
    }

    private static void RequireType(GgufMetadata metadata, string expected)
    {
        if (metadata.Find("rope.scaling.type")?.AsString() is { } type && type != expected && type != "none")
        {
            throw metadata.Refuse("rope.scaling.type", $"{expected} or none beside factors", type);
        }
    }
}
