using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Patchbay.Control.Answers;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary><c>GET /admin/answers</c> and <c>GET /admin/answers/{id}</c>: what answered, how it was sampled, how long it took. Never prompt or text.</summary>
internal static class AnswersEndpoint
{
    private const int MaxLimit = 500;

    public static Task<ApiError?> ListAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(runtime, async opened =>
    {
        var (limit, error) = AdminCall.NumberOf(context, "limit");
        var query = context.Request.Query;
        if (error is not null || limit is < 1 or > MaxLimit)
        {
            return error ?? ApiError.Invalid($"'limit' must be a whole number from 1 to {MaxLimit}.", "limit", "invalid_value");
        }
        DateTimeOffset? before = null;
        if (query["before"].ToString() is { Length: > 0 } text)
        {
            if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            {
                return ApiError.Invalid("'before' must be a time such as 2026-11-24T15:00:00Z.", "before", "invalid_value");
            }
            before = time;
        }
        var found = await opened.Answers.Log.ListAsync(
            new AnswerQuery((int?)limit ?? 50, before, Text("alias"), Text("arm")), context.RequestAborted);
        await context.WriteBytesAsync(StatusCodes.Status200OK, "application/json", Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("object"u8, "list"u8);
            json.WriteStartArray("data"u8);
            foreach (var entry in found)
            {
                WriteEntry(json, entry);
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }));
        return null;

        string? Text(string field) => query[field].ToString() is { Length: > 0 } value ? value : null;
    });

    public static Task<ApiError?> GetAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(runtime, async opened =>
    {
        var id = (string)context.GetRouteValue("id")!;
        if (await opened.Answers.Log.FindAsync(id, context.RequestAborted) is not { } entry)
        {
            return Unknown(id);
        }
        await context.WriteBytesAsync(StatusCodes.Status200OK, "application/json", Write(json => WriteEntry(json, entry)));
        return null;
    });

    /// <summary>The error for an id that no answer has.</summary>
    public static ApiError Unknown(string id) => ApiError.NotFound(
        $"No answer has the id '{(id.Length <= 128 ? id : id[..128])}', or it is older than what is kept.", "id", "answer_not_found");

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer);
        write(json);
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteEntry(Utf8JsonWriter json, AnswerEntry entry)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, entry.Id);
        json.WriteString("time"u8, entry.Time);
        json.WriteString("operation"u8, entry.Operation);
        json.WriteString("actor"u8, entry.Actor);
        json.WriteString("alias"u8, entry.Adapter);
        json.WriteString("arm"u8, entry.Arm);
        json.WriteString("digest"u8, entry.Digest);
        json.WriteString("generation"u8, entry.Generation);
        json.WriteStartArray("parts"u8);
        foreach (var part in entry.Parts)
        {
            json.WriteStartObject();
            json.WriteString("digest"u8, part.Digest);
            json.WriteNumber("weight"u8, part.Weight);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WritePropertyName("sampling"u8);
        json.WriteRawValue(entry.Options);
        json.WriteString("prompt_hash"u8, entry.PromptHash);
        json.WriteBoolean("prompt_kept"u8, entry.Prompts is not null);
        json.WriteString("text_hash"u8, entry.TextHash);
        json.WriteNumber("prompt_tokens"u8, entry.PromptTokens);
        json.WriteNumber("completion_tokens"u8, entry.CompletionTokens);
        json.WriteString("finish_reason"u8, entry.FinishReason);
        json.WriteString("outcome"u8, entry.Outcome);
        WriteMilliseconds(json, "ttft_ms"u8, entry.TimeToFirstToken);
        WriteMilliseconds(json, "total_ms"u8, entry.Duration);
        WriteRating(json, entry.Rating);
        json.WriteEndObject();
    }

    private static void WriteRating(Utf8JsonWriter json, AnswerRating? rating)
    {
        if (rating is null)
        {
            json.WriteNull("feedback"u8);
            return;
        }
        json.WriteStartObject("feedback"u8);
        json.WriteNumber("score"u8, rating.Score);
        json.WriteString("comment"u8, rating.Comment);
        json.WriteEndObject();
    }

    private static void WriteMilliseconds(Utf8JsonWriter json, ReadOnlySpan<byte> name, double? milliseconds)
    {
        if (milliseconds is { } known)
        {
            json.WriteNumber(name, Math.Round(known, 3));
            return;
        }
        json.WriteNull(name);
    }
}
