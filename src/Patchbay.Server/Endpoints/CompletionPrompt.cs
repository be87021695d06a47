using System.Text.Json;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>A prompt as it came: text, or tokens. One of the two is null.</summary>
internal sealed record CompletionPrompt(string? Text, int[]? Tokens)
{
    private const string Expected = "a string, an array of strings, an array of token ids, or an array of such arrays";

    /// <summary>Reads <c>prompt</c>; problems are reported to <paramref name="fields"/>.</summary>
    public static IReadOnlyList<CompletionPrompt> Read(RequestFields fields, int vocabularySize, int maxPrompts)
    {
        if (!fields.TryGet("prompt", out var value))
        {
            fields.Report("prompt", $"'prompt' is missing; send {Expected}.", "missing_required_parameter");
            return [];
        }
        if (value.ValueKind == JsonValueKind.String)
        {
            return [new CompletionPrompt(value.GetString(), null)];
        }
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
        {
            fields.Expect("prompt", Expected, value);
            return [];
        }
        if (value[0].ValueKind == JsonValueKind.Number)
        {
            return ReadTokens(fields, value, "prompt", vocabularySize) is { } tokens ? [new CompletionPrompt(null, tokens)] : [];
        }
        if (value.GetArrayLength() > maxPrompts)
        {
            fields.Report("prompt", $"'prompt' holds {value.GetArrayLength()} prompts; this server takes at most {maxPrompts} with this 'n'.");
            return [];
        }
        return ReadMany(fields, value, vocabularySize);
    }

    private static List<CompletionPrompt> ReadMany(RequestFields fields, JsonElement values, int vocabularySize)
    {
        var prompts = new List<CompletionPrompt>();
        foreach (var value in values.EnumerateArray())
        {
            var place = $"prompt[{prompts.Count}]";
            if (value.ValueKind == JsonValueKind.String)
            {
                prompts.Add(new CompletionPrompt(value.GetString(), null));
            }
            else if (value.ValueKind == JsonValueKind.Array && ReadTokens(fields, value, place, vocabularySize) is { } tokens)
            {
                prompts.Add(new CompletionPrompt(null, tokens));
            }
            else
            {
                if (value.ValueKind != JsonValueKind.Array)
                {
                    fields.Expect(place, "a string or an array of token ids", value);
                }
                break;
            }
        }
        return prompts;
    }

    private static int[]? ReadTokens(RequestFields fields, JsonElement values, string place, int vocabularySize)
    {
        var tokens = new List<int>(values.GetArrayLength());
        foreach (var value in values.EnumerateArray())
        {
            if (!RequestFields.TryGetWhole(value, out var token) || token < 0 || token >= vocabularySize)
            {
                fields.Expect($"{place}[{tokens.Count}]", $"a token id from 0 to {vocabularySize - 1}", value);
                return null;
            }
            tokens.Add((int)token);
        }
        return [.. tokens];
    }
}
