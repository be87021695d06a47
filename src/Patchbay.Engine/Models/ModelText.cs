using System.Text.Json;
using Patchbay.Engine.Checkpoints.Gguf;
using Patchbay.Engine.Text;

namespace Patchbay.Engine.Models;

/// <summary>The text side of a checkpoint: tokenizer, chat template and the tokens that end an answer.</summary>
internal sealed record ModelText
{
    private static readonly string[] s_specialTokens = ["bos_token", "eos_token", "pad_token", "unk_token"];

    public Tokenizer? Tokenizer { get; private init; }

    public ChatTemplate? ChatTemplate { get; private init; }

    /// <summary>From generation_config.json, which knows more ends than config.json; empty if it says nothing.</summary>
    public IReadOnlyList<int> EndOfSequence { get; private init; } = [];

    /// <summary>tokenizer.json, tokenizer_config.json, chat_template.jinja and generation_config.json of a directory, as far as they exist.</summary>
    public static ModelText Read(string directory)
    {
        var tokenizer = Path.Combine(directory, "tokenizer.json");
        var template = Path.Combine(directory, "chat_template.jinja");
        var settings = ReadJson(Path.Combine(directory, "tokenizer_config.json"));
        var generation = ReadJson(Path.Combine(directory, "generation_config.json"));
        var source = File.Exists(template) ? File.ReadAllText(template) : settings is { } json ? DefaultTemplate(json) : null;
        return new ModelText
        {
            Tokenizer = File.Exists(tokenizer) ? Tokenizer.FromJson(File.ReadAllBytes(tokenizer)) : null,
            ChatTemplate = source is null ? null : ChatTemplate.Parse(source, settings is { } s ? SpecialTokens(s) : new Dictionary<string, string>()),
            EndOfSequence = generation is { } g ? ModelConfig.ReadTokens(g, "eos_token_id") : [],
        };
    }

    /// <summary>The vocabulary and template of a GGUF file.</summary>
    public static ModelText Read(GgufFile file)
    {
        var tokenizer = file.Find("tokenizer.ggml.model") is null ? null : Tokenizer.FromGguf(file);
        var specials = new Dictionary<string, string>();
        foreach (var (name, key) in new[] { ("bos_token", "bos"), ("eos_token", "eos"), ("unk_token", "unknown"), ("pad_token", "padding") })
        {
            if (tokenizer is not null && file.Find($"tokenizer.ggml.{key}_token_id") is { } id)
            {
                specials[name] = tokenizer.Decode([(int)id.AsInteger()], skipSpecialTokens: false);
            }
        }

        return new ModelText
        {
            Tokenizer = tokenizer,
            ChatTemplate = file.Find("tokenizer.chat_template") is { } template ? ChatTemplate.Parse(template.AsString(), specials) : null,
        };
    }

    private static JsonElement? ReadJson(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 32 });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new InvalidDataException($"{Path.GetFileName(path)}: expected a JSON object.");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{Path.GetFileName(path)} is not valid JSON (line {exception.LineNumber + 1}).", exception);
        }
    }

    /// <summary>A string, or the entry named <c>default</c> of a list of named templates.</summary>
    private static string? DefaultTemplate(JsonElement settings)
    {
        if (!settings.TryGetProperty("chat_template", out var template))
        {
            return null;
        }

        return template.ValueKind switch
        {
            JsonValueKind.String => template.GetString(),
            JsonValueKind.Array => template.EnumerateArray()
                .Where(entry => entry.GetProperty("name").GetString() == "default")
                .Select(entry => entry.GetProperty("template").GetString())
                .FirstOrDefault(),
            _ => null,
        };
    }

    private static Dictionary<string, string> SpecialTokens(JsonElement settings)
    {
        var tokens = new Dictionary<string, string>();
        foreach (var name in s_specialTokens)
        {
            if (settings.TryGetProperty(name, out var value))
            {
                var text = value.ValueKind == JsonValueKind.Object && value.TryGetProperty("content", out var content) ? content : value;
                if (text.ValueKind == JsonValueKind.String)
                {
                    tokens[name] = text.GetString()!;
                }
            }
        }

        return tokens;
    }
}
