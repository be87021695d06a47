using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Patchbay.Engine;
using Patchbay.Server.Access;
using Patchbay.Server.Adapters;
using Patchbay.Server.Answers;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;
using Patchbay.Server.Observability;

namespace Patchbay.Server.Endpoints;

/// <summary>
/// <c>POST /v1/compare</c>: one conversation answered by two to four models, adapters or versions side by side, in one batch of the
/// engine with one seed, as one stream; at its end, where they part.
/// </summary>
internal static class CompareEndpoint
{
    public static Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime) => AnswerPipeline.AdmitAsync<ComparedQuestion>(
        context, runtime, CompareRequest.CountModels, Read, (opened, compared, slots) => RunAsync(context, runtime, opened, compared, slots));

    private static (ComparedQuestion? Question, ApiError? Error) Read(JsonElement root, OpenedEngine opened, PatchbayRuntime runtime)
    {
        var engine = opened.Engine;
        if (!CompareRequest.TryRead(root, out var models, out var error)
            || !ChatCompletionsRequest.TryRead(root, opened.Adapters.BaseName, engine.Model.VocabularySize, 1, out var chat, out error)
            || !ChatPrompt.TryRender(engine, chat, runtime.Time.GetLocalNow(), out var prompt, out error))
        {
            return (null, error);
        }
        var shape = new ChatAnswerShape(chat.TopLogProbabilities is not null, engine.Tokenizer!);
        return (new ComparedQuestion(new Question(chat.Options, [prompt], shape, chat.TopLogProbabilities, "messages").WithSeed(), models), null);
    }

    private static async Task<ApiError?> RunAsync(HttpContext context, PatchbayRuntime runtime, OpenedEngine opened, ComparedQuestion compared, IReadOnlyList<QueueSlot> slots)
    {
        var (question, models) = compared;
        var answering = new List<AnsweringModel>(models.Count);
        try
        {
            foreach (var name in models)
            {
                var (model, error) = await ModelAcquisition.RunAsync(context, opened, name, question.Options.User, 1, "models");
                if (model is null)
                {
                    return error;
                }
                answering.Add(model);
            }
            return await AnswerAsync(context, runtime, opened, question, answering, slots);
        }
        finally
        {
            answering.ForEach(model => model.Dispose());
        }
    }

    private static async Task<ApiError?> AnswerAsync(
        HttpContext context, PatchbayRuntime runtime, OpenedEngine opened, Question question, List<AnsweringModel> models, IReadOnlyList<QueueSlot> slots)
    {
        GenerationGroup group;
        try
        {
            group = GenerationGroup.Start(
                opened.Engine, models.Select((model, index) => question.ToRequest(0, 0, model.TakeLeases()) with { Slot = slots[index] }),
                question.Options.StopStrings, context.RequestAborted);
        }
        catch (RequestRefusedException refusal)
        {
            return AnswerPipeline.Refuse(opened, refusal, question.PromptField, [.. models.Select(AnswerSource.Of)]);
        }
        var columns = models.Select((model, index) => new CompareColumn(
            index, model, runtime.Observation.Ledger.Begin(
                $"cmpr-{context.TraceIdentifier}-{index}", question.Shape.Operation, Caller.Of(context).Name,
                AnswerSource.Of(model), 1))).ToArray();
        await using (group)
        {
            try
            {
                using var events = SseWriter.Start(context, runtime.Options.KeepAliveInterval, runtime.Time);
                await StreamAsync(events, group, columns, question, runtime.Time);
            }
            finally
            {
                foreach (var column in columns)
                {
                    // It can be rated like any other, and is not in its arm's times: it shared its steps with the other columns.
                    opened.Releases.Remember(column.Watch.End(question, column.Tokens.Count, context.RequestAborted.IsCancellationRequested));
                }
            }
        }
        return null;
    }

    private static async Task StreamAsync(SseWriter events, GenerationGroup group, CompareColumn[] columns, Question question, TimeProvider time)
    {
        try
        {
            await using var pieces = group.ReadAsync().GetAsyncEnumerator();
            while (await events.KeepAliveWhileAsync(pieces.MoveNextAsync()))
            {
                var (choice, delta) = pieces.Current;
                var column = columns[choice];
                column.Take(delta, time.GetUtcNow());
                await events.WriteAsync((column, delta), static (json, piece) => piece.column.WriteDelta(json, piece.delta));
                if (delta.Finish != FinishReason.None)
                {
                    await events.WriteAsync((column, question, delta.Finish), static (json, end) => end.column.WriteEnd(json, end.Finish, end.question.Prompts[0].Length));
                }
            }
            await events.WriteAsync(columns, static (json, all) => WriteDifferences(json, all));
            await events.WriteDoneAsync();
        }
        catch (RequestRefusedException refusal)
        {
            await events.WriteErrorAsync(ApiError.From(refusal, question.PromptField));
        }
    }

    private static void WriteDifferences(Utf8JsonWriter json, CompareColumn[] columns)
    {
        json.WriteStartObject();
        json.WriteStartArray("differences"u8);
        foreach (var column in columns.AsSpan(1))
        {
            var (first, agreement) = TokenDifference.Of(columns[0].Tokens, column.Tokens);
            json.WriteStartObject();
            json.WriteNumber("index"u8, column.Index);
            if (first is { } position)
            {
                json.WriteNumber("first_difference"u8, position);
            }
            else
            {
                json.WriteNull("first_difference"u8);
            }
            json.WriteNumber("agreement"u8, Math.Round(agreement, 4));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}

/// <summary>A question and who is to answer it.</summary>
internal sealed record ComparedQuestion(Question Question, IReadOnlyList<string> Models);
