using System.Text;
using System.Text.Json;
using Patchbay.Engine;
using Patchbay.Engine.Text;

namespace Patchbay.Server.Answers;

/// <summary>Writes log-probabilities in the two shapes that OpenAI has for them.</summary>
internal static class LogProbabilityJson
{
    /// <summary>The chat shape: one object for each token, with its alternatives inside.</summary>
    public static void WriteChat(Utf8JsonWriter json, IReadOnlyList<GeneratedToken> tokens, Tokenizer tokenizer)
    {
        json.WriteStartObject("logprobs"u8);
        json.WriteStartArray("content"u8);
        foreach (var token in tokens)
        {
            if (token.LogProbabilities is { } probabilities)
            {
                json.WriteStartObject();
                WriteToken(json, token.Id, probabilities.Chosen, tokenizer);
                json.WriteStartArray("top_logprobs"u8);
                foreach (var other in probabilities.Top)
                {
                    json.WriteStartObject();
                    WriteToken(json, other.Id, other.Value, tokenizer);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The completions shape: parallel arrays.</summary>
    /// <param name="textOffset">UTF-16 units of the answer before the first of these tokens; moved behind the last.</param>
    public static void WriteCompletion(Utf8JsonWriter json, IReadOnlyList<GeneratedToken> tokens, Tokenizer tokenizer, ref int textOffset)
    {
        var texts = tokens.Select(token => TextOf(token.Id, tokenizer)).ToArray();
        json.WriteStartObject("logprobs"u8);
        json.WriteStartArray("text_offset"u8);
        foreach (var text in texts)
        {
            json.WriteNumberValue(textOffset);
            textOffset += text.Length;
        }
        json.WriteEndArray();
        json.WriteStartArray("token_logprobs"u8);
        foreach (var token in tokens)
        {
            json.WriteNumberValue(Finite(token.LogProbabilities?.Chosen ?? 0));
        }
        json.WriteEndArray();
        json.WriteStartArray("tokens"u8);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }
        json.WriteEndArray();
        json.WriteStartArray("top_logprobs"u8);
        foreach (var token in tokens)
        {
            WriteAlternatives(json, token.LogProbabilities?.Top ?? [], tokenizer);
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteAlternatives(Utf8JsonWriter json, IReadOnlyList<TokenLogProbability> top, Tokenizer tokenizer)
    {
        // Different tokens can have the same text (halves of characters); the likelier one comes first and keeps the name.
        var written = new HashSet<string>(StringComparer.Ordinal);
        json.WriteStartObject();
        foreach (var other in top)
        {
            var text = TextOf(other.Id, tokenizer);
            if (written.Add(text))
            {
                json.WriteNumber(text, Finite(other.Value));
            }
        }
        json.WriteEndObject();
    }

    private static void WriteToken(Utf8JsonWriter json, int id, float value, Tokenizer tokenizer)
    {
        var bytes = tokenizer.TokenBytes(id);
        json.WriteString("token"u8, Encoding.UTF8.GetString(bytes));
        json.WriteNumber("logprob"u8, Finite(value));
        json.WriteStartArray("bytes"u8);
        foreach (var value8 in bytes)
        {
            json.WriteNumberValue(value8);
        }
        json.WriteEndArray();
    }

    private static string TextOf(int id, Tokenizer tokenizer) => Encoding.UTF8.GetString(tokenizer.TokenBytes(id));

    // JSON has no infinity; OpenAI writes this number for a token that cannot come.
    private static float Finite(float value) => float.IsFinite(value) ? value : -9999f;
}
