using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Patchbay.Engine;
using Patchbay.Server.Http;

namespace Patchbay.Server.Answers;

/// <summary>Sends the answers of one request, as events while they come or as one document when they are whole.</summary>
internal sealed class AnswerSender(HttpContext context, GenerationGroup group, IAnswerShape shape, AnswerHead head, Func<Usage> usage)
{
    private static readonly JsonWriterOptions WholeOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Sends every piece as it comes. A failure on the way becomes a last event without <c>[DONE]</c>.</summary>
    public async Task StreamAsync(SseWriter events, bool includeUsage)
    {
        try
        {
            for (var choice = 0; shape.HasOpening && choice < group.Count; choice++)
            {
                await WriteOpeningAsync(events, choice, includeUsage);
            }
            await WriteDeltasAsync(events, includeUsage);
            if (includeUsage)
            {
                await events.WriteAsync(this, static (json, sender) => sender.WriteUsageEvent(json));
            }
            await events.WriteDoneAsync();
        }
        catch (RequestRefusedException refusal)
        {
            await events.WriteErrorAsync(ApiError.From(refusal, "prompt"));
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            await events.WriteErrorAsync(ApiError.Internal(context.TraceIdentifier));
            throw;
        }
    }

    /// <summary>Waits for the ends of all answers and sends them as one document.</summary>
    public async Task SendWholeAsync()
    {
        var parts = new WholeChoice[group.Count];
        for (var choice = 0; choice < parts.Length; choice++)
        {
            parts[choice] = new WholeChoice();
        }
        await foreach (var piece in group.ReadAsync())
        {
            parts[piece.Choice].Add(piece.Delta, shape.NeedsTokens);
        }
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, WholeOptions))
        {
            AnswerFields.WriteHead(json, head);
            json.WriteStartArray("choices"u8);
            for (var choice = 0; choice < parts.Length; choice++)
            {
                var part = parts[choice];
                shape.WriteWhole(json, choice, part.Text, part.Tokens, part.Finish);
            }
            json.WriteEndArray();
            AnswerFields.WriteUsage(json, usage());
            json.WriteEndObject();
        }
        await context.WriteBytesAsync(StatusCodes.Status200OK, "application/json", buffer.WrittenMemory);
    }

    private ValueTask WriteOpeningAsync(SseWriter events, int choice, bool includeUsage) =>
        events.WriteAsync((Sender: this, Choice: choice, includeUsage), static (json, state) =>
        {
            state.Sender.BeginEvent(json);
            state.Sender.Shape.WriteOpening(json, state.Choice);
            EndEvent(json, state.includeUsage);
        });

    private async Task WriteDeltasAsync(SseWriter events, bool includeUsage)
    {
        await using var pieces = group.ReadAsync().GetAsyncEnumerator();
        while (await events.KeepAliveWhileAsync(pieces.MoveNextAsync()))
        {
            var piece = pieces.Current;
            if (piece.Delta.Text.Length == 0 && piece.Delta.Finish == FinishReason.None && !shape.NeedsTokens)
            {
                continue;
            }
            await events.WriteAsync((Sender: this, Piece: piece, includeUsage), static (json, state) =>
            {
                state.Sender.BeginEvent(json);
                state.Sender.Shape.WriteDelta(json, state.Piece);
                EndEvent(json, state.includeUsage);
            });
        }
    }

    private IAnswerShape Shape => shape;

    private void BeginEvent(Utf8JsonWriter json)
    {
        AnswerFields.WriteHead(json, head);
        json.WriteStartArray("choices"u8);
    }

    // A client that asked for usage finds the field in every event, null until the last.
    private static void EndEvent(Utf8JsonWriter json, bool includeUsage)
    {
        json.WriteEndArray();
        if (includeUsage)
        {
            json.WriteNull("usage"u8);
        }
        json.WriteEndObject();
    }

    private void WriteUsageEvent(Utf8JsonWriter json)
    {
        BeginEvent(json);
        json.WriteEndArray();
        AnswerFields.WriteUsage(json, usage());
        json.WriteEndObject();
    }
}
