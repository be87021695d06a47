using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>
/// Checks the conversation of a chat request and joins content that comes in parts. What else a message holds goes to the
/// model's template as it is.
/// </summary>
internal static class ChatMessages
{
    private const int MaxMessages = 4096;

    private static readonly string[] Roles = ["system", "developer", "user", "assistant", "tool", "function", "ipython"];

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads <c>messages</c>; problems are reported to <paramref name="fields"/> and the result is null then.</summary>
    public static JsonElement? Read(RequestFields fields, bool continuesLast)
    {
        if (fields.Array("messages") is not { } messages)
        {
            if (!fields.TryGet("messages", out _))
            {
                fields.Report("messages", "'messages' is missing; send an array with at least one message.", "missing_required_parameter");
            }
            return null;
        }
        var count = messages.GetArrayLength();
        if (count is 0 or > MaxMessages)
        {
            fields.Report("messages", count == 0
                ? "'messages' must hold at least one message."
                : $"'messages' must hold at most {MaxMessages} messages; found {count}.");
            return null;
        }
        var hasParts = false;
        var index = 0;
        foreach (var message in messages.EnumerateArray())
        {
            if (!CheckMessage(fields, message, $"messages[{index++}]", ref hasParts))
            {
                return null;
            }
        }
        if (continuesLast && !messages[count - 1].GetProperty("role").ValueEquals("assistant"))
        {
            fields.Report("continue_final_message", "'continue_final_message' needs the last message to be the assistant's.");
        }
        return hasParts ? JoinParts(messages) : messages;
    }

    private static bool CheckMessage(RequestFields fields, JsonElement message, string place, ref bool hasParts)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            fields.Expect(place, "an object with 'role' and 'content'", message);
            return false;
        }
        if (!message.TryGetProperty("role", out var role) || role.ValueKind != JsonValueKind.String || !Roles.Contains(role.GetString()))
        {
            var found = role.ValueKind == JsonValueKind.Undefined ? "none" : JsonText.Show(role);
            fields.Report($"{place}.role", $"'{place}.role' must be one of {string.Join(", ", Roles)}; found {found}.");
            return false;
        }
        if (!message.TryGetProperty("content", out var content) || content.ValueKind == JsonValueKind.Null)
        {
            // An assistant that called tools said nothing.
            var isCall = message.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array;
            if (!isCall)
            {
                fields.Report($"{place}.content", $"'{place}.content' is missing; send a string, or an array of text parts.", "missing_required_parameter");
            }
            return isCall;
        }
        hasParts |= content.ValueKind == JsonValueKind.Array;
        return CheckContent(fields, content, $"{place}.content");
    }

    private static bool CheckContent(RequestFields fields, JsonElement content, string place)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            return true;
        }
        if (content.ValueKind != JsonValueKind.Array || content.GetArrayLength() == 0)
        {
            fields.Expect(place, "a string or a non-empty array of text parts", content);
            return false;
        }
        var index = 0;
        foreach (var part in content.EnumerateArray())
        {
            var isText = part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out var type)
                && type.ValueKind == JsonValueKind.String && type.ValueEquals("text")
                && part.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String;
            if (!isText)
            {
                var kind = part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out var other) ? JsonText.Show(other) : JsonText.Show(part);
                fields.Report(
                    $"{place}[{index}]", $"'{place}[{index}]' must be {{\"type\":\"text\",\"text\":\"…\"}}; this server reads text only, found {kind}.",
                    "unsupported_content");
                return false;
            }
            index++;
        }
        return true;
    }

    private static JsonElement JoinParts(JsonElement messages)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, WriterOptions))
        {
            json.WriteStartArray();
            foreach (var message in messages.EnumerateArray())
            {
                WriteMessage(json, message);
            }
            json.WriteEndArray();
        }
        var reader = new Utf8JsonReader(buffer.WrittenSpan);
        return JsonElement.ParseValue(ref reader);
    }

    private static void WriteMessage(Utf8JsonWriter json, JsonElement message)
    {
        json.WriteStartObject();
        foreach (var property in message.EnumerateObject())
        {
            if (property.NameEquals("content") && property.Value.ValueKind == JsonValueKind.Array)
            {
                json.WriteString("content", string.Join('\n', property.Value.EnumerateArray().Select(part => part.GetProperty("text").GetString())));
            }
            else
            {
                property.WriteTo(json);
            }
        }
        json.WriteEndObject();
    }
}
