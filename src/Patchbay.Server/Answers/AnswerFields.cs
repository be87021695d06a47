using System.Text.Json;
using Patchbay.Engine;

namespace Patchbay.Server.Answers;

/// <summary>Fields that every answer and every event of a stream has.</summary>
internal static class AnswerFields
{
    /// <summary>Opens the document with what identifies the answer.</summary>
    public static void WriteHead(Utf8JsonWriter json, AnswerHead head)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, head.Id);
        json.WriteString("object"u8, head.ObjectType);
        json.WriteNumber("created"u8, head.Created);
        json.WriteString("model"u8, head.Model);
        json.WriteString("system_fingerprint"u8, head.Fingerprint);
    }

    /// <summary>Writes why the answer ended, null while it goes on.</summary>
    public static void WriteFinish(Utf8JsonWriter json, FinishReason reason)
    {
        switch (reason)
        {
            case FinishReason.Stop:
                json.WriteString("finish_reason"u8, "stop"u8);
                break;
            case FinishReason.Length:
                json.WriteString("finish_reason"u8, "length"u8);
                break;
            default:
                json.WriteNull("finish_reason"u8);
                break;
        }
    }

    /// <summary>Counts tokens: the prompt once, however many answers it has.</summary>
    public static void WriteUsage(Utf8JsonWriter json, Usage usage)
    {
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, usage.PromptTokens);
        json.WriteNumber("completion_tokens"u8, usage.CompletionTokens);
        json.WriteNumber("total_tokens"u8, usage.PromptTokens + usage.CompletionTokens);
        json.WriteStartObject("prompt_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, usage.CachedTokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
