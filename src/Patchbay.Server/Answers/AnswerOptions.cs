using System.Globalization;
using System.Text.Json;
using Patchbay.Engine;
using Patchbay.Server.Adapters;
using Patchbay.Server.Http;

namespace Patchbay.Server.Answers;

/// <summary>What chat and text completions have in common: who answers, how tokens are chosen, when the answer ends.</summary>
internal sealed record AnswerOptions
{
    private const int MaxStopStrings = 4;
    private const int MaxStopStringLength = 1024;
    private const int MaxStopTokens = 64;
    private const int MaxLogitBiases = 1024;

    /// <summary>The model or adapter that the request names; null follows the default.</summary>
    public string? Model { get; init; }

    /// <summary>Adapters that are added up instead of <see cref="Model"/>; null where the model string decides.</summary>
    public AdapterSelection? Adapters { get; init; }

    /// <summary>Answers for each prompt.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>Most tokens of each answer; null is as many as the context holds.</summary>
    public int? MaxTokens { get; init; }

    public SamplingOptions Sampling { get; init; } = SamplingOptions.Default;

    public IReadOnlyList<string> StopStrings { get; init; } = [];

    public IReadOnlyCollection<int> StopTokens { get; init; } = [];

    public bool IgnoreEndOfSequence { get; init; }

    public string? CacheSalt { get; init; }

    /// <summary>For whom the caller asks: what keeps a user on one arm of a plan.</summary>
    public string? User { get; init; }

    public bool Stream { get; init; }

    /// <summary>Whether the stream ends with an event that counts tokens.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>Reads the common fields; problems are reported to <paramref name="fields"/>.</summary>
    public static AnswerOptions Read(RequestFields fields, string baseName, int vocabularySize, int maxChoices)
    {
        RefuseUnsupported(fields);
        var stream = fields.Flag("stream");
        var (model, adapters) = SelectionFields.Read(fields, baseName);
        return new AnswerOptions
        {
            Model = model,
            Adapters = adapters,
            Choices = fields.Integer("n", 1, maxChoices) ?? 1,
            MaxTokens = ReadMaxTokens(fields),
            Sampling = ReadSampling(fields, vocabularySize),
            StopStrings = ReadStopStrings(fields),
            StopTokens = ReadStopTokens(fields, vocabularySize),
            IgnoreEndOfSequence = fields.Flag("ignore_eos"),
            CacheSalt = fields.Text("cache_salt"),
            User = fields.Text("user"),
            Stream = stream,
            IncludeUsage = ReadIncludeUsage(fields, stream),
        };
    }

    private static void RefuseUnsupported(RequestFields fields)
    {
        if (fields.TryGet("response_format", out var format)
            && !(format.ValueKind == JsonValueKind.Object && format.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("text")))
        {
            fields.Report("response_format", "'response_format' other than {\"type\":\"text\"} is not supported.", "unsupported_parameter");
        }
        string[] grammars = ["structured_outputs", "guided_json", "guided_regex", "guided_choice", "guided_grammar"];
        foreach (var field in grammars)
        {
            fields.Refuse(field, "this server does not constrain answers.");
        }
        fields.Refuse("best_of", "ask for several answers with 'n'.", "1");
        fields.Refuse("use_beam_search", "sample with 'temperature', 'top_p' and 'n'.", "false");
        fields.Refuse("min_tokens", "use 'ignore_eos' with 'max_tokens'.", "0");
        fields.Refuse("prompt_logprobs", "only answers have log-probabilities.");
        fields.Refuse("skip_special_tokens", "answers never hold special tokens.", "true");
        fields.Refuse("include_stop_str_in_output", "answers end before the stop string.", "false");
        fields.Refuse("bad_words", "use 'logit_bias'.", "[]");
        fields.Refuse("allowed_token_ids", "use 'logit_bias'.");
        fields.Refuse("truncate_prompt_tokens", "shorten the prompt before you send it.");
        fields.Refuse("prompt_embeds", "send text or token ids.");
    }

    private static string Quote(string text) => text.Length <= 64 ? text : text[..64];

    // max_completion_tokens is the newer name; a request that has both means the same by them.
    private static int? ReadMaxTokens(RequestFields fields)
    {
        var field = fields.TryGet("max_completion_tokens", out _) ? "max_completion_tokens" : "max_tokens";
        if (!fields.TryGet(field, out var value))
        {
            return null;
        }
        if (!RequestFields.TryGetWhole(value, out var tokens) || tokens < 0)
        {
            fields.Expect(field, "a whole number, 1 or more", value);
            return null;
        }
        return (int)Math.Min(tokens, int.MaxValue);
    }

    private static SamplingOptions ReadSampling(RequestFields fields, int vocabularySize) => new()
    {
        Temperature = fields.Number("temperature", 0, 2, 1),
        // 0 is allowed by OpenAI's definition and means the likeliest token, which any positive sum keeps.
        TopP = Math.Max(fields.Number("top_p", 0, 1, 1), 1e-6f),
        TopK = Math.Max(0, fields.Integer("top_k", -1, int.MaxValue) ?? 0),
        MinP = fields.Number("min_p", 0, 1, 0),
        PresencePenalty = fields.Number("presence_penalty", -2, 2, 0),
        FrequencyPenalty = fields.Number("frequency_penalty", -2, 2, 0),
        RepetitionPenalty = fields.Number("repetition_penalty", 0.01, 100, 1),
        LogitBias = ReadLogitBias(fields, vocabularySize),
        Seed = ReadSeed(fields),
    };

    private static ulong? ReadSeed(RequestFields fields)
    {
        if (!fields.TryGet("seed", out var value))
        {
            return null;
        }
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var seed))
        {
            return unchecked((ulong)seed);
        }
        fields.Expect("seed", "a whole number of 64 bits", value);
        return null;
    }

    private static Dictionary<int, float> ReadLogitBias(RequestFields fields, int vocabularySize)
    {
        var biases = new Dictionary<int, float>();
        if (fields.Object("logit_bias") is not { } given)
        {
            return biases;
        }
        foreach (var entry in given.EnumerateObject())
        {
            if (biases.Count == MaxLogitBiases)
            {
                fields.Report("logit_bias", $"'logit_bias' may name at most {MaxLogitBiases} tokens.");
                break;
            }
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var token) || token >= vocabularySize)
            {
                fields.Report("logit_bias", $"'logit_bias' must name tokens from 0 to {vocabularySize - 1}; found '{Quote(entry.Name)}'.");
                break;
            }
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetSingle(out var bias) || !(bias is >= -100 and <= 100))
            {
                fields.Expect("logit_bias", $"numbers from -100 to 100 (token {token})", entry.Value);
                break;
            }
            biases[token] = bias;
        }
        return biases;
    }

    private static string[] ReadStopStrings(RequestFields fields)
    {
        if (!fields.TryGet("stop", out var value))
        {
            return [];
        }
        var items = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToArray() : [value];
        if (items.Length > MaxStopStrings || items.Any(item => item.ValueKind != JsonValueKind.String))
        {
            fields.Expect("stop", $"a string or an array of at most {MaxStopStrings} strings", items.FirstOrDefault(item => item.ValueKind != JsonValueKind.String, value));
            return [];
        }
        var stops = items.Select(item => item.GetString()!).ToArray();
        if (stops.Any(stop => stop.Length is 0 or > MaxStopStringLength))
        {
            fields.Report("stop", $"'stop' must hold strings of 1 to {MaxStopStringLength} characters.");
        }
        return stops;
    }

    private static HashSet<int> ReadStopTokens(RequestFields fields, int vocabularySize)
    {
        if (fields.Array("stop_token_ids") is not { } given)
        {
            return [];
        }
        var tokens = new HashSet<int>();
        foreach (var item in given.EnumerateArray())
        {
            if (tokens.Count == MaxStopTokens || !RequestFields.TryGetWhole(item, out var token) || token < 0 || token >= vocabularySize)
            {
                fields.Expect("stop_token_ids", $"at most {MaxStopTokens} tokens from 0 to {vocabularySize - 1}", item);
                return [];
            }
            tokens.Add((int)token);
        }
        return tokens;
    }

    private static bool ReadIncludeUsage(RequestFields fields, bool stream)
    {
        if (fields.Object("stream_options") is not { } given)
        {
            return false;
        }
        if (!stream)
        {
            fields.Report("stream_options", "'stream_options' needs 'stream' to be true.");
        }
        if (!given.TryGetProperty("include_usage", out var include) || include.ValueKind == JsonValueKind.Null)
        {
            return false;
        }
        if (include.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return include.GetBoolean();
        }
        fields.Expect("stream_options.include_usage", "true or false", include);
        return false;
    }
}
