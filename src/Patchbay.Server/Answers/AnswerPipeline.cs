using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Patchbay.Engine;
using Patchbay.Server.Access;
using Patchbay.Server.Adapters;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;
using Patchbay.Server.Observability;
using Patchbay.Server.Releases;

namespace Patchbay.Server.Answers;

/// <summary>Checks the fields of a body; exactly one of the results is null.</summary>
internal delegate (TQuestion? Question, ApiError? Error) QuestionReader<TQuestion>(JsonElement root, OpenedEngine opened, PatchbayRuntime runtime)
    where TQuestion : class;

/// <summary>
/// The way of every generating request. Chat and text completions differ only in how they read it and in the shape of
/// the answer.
/// <code>
/// body ─ 1 read ─ 2 route and lease ─ 3 queue ─ 4 send
/// </code>
/// 1. The body is read whole; then a place in the queue is taken for each answer, or the request refused, before any text is made
/// into tokens.
/// 2. The model string, or the adapters beside it, become base, version or sum of versions, with leases for each answer;
/// from here on headers say which. A version that is not in memory is waited for here.
/// 3. All answers are queued at the engine, or none.
/// 4. They are streamed or sent whole; leaving this method for any reason ends them.
/// </summary>
internal static class AnswerPipeline
{
    public static Task<ApiError?> RunAsync(HttpContext context, PatchbayRuntime runtime, QuestionReader<Question> read) => AdmitAsync(
        context, runtime, root => AskedAnswers.Count(root, runtime.Options.MaxChoices), read, (opened, question, slots) => AnswerAsync(context, runtime, opened, question.WithSeed(), slots));

    /// <summary>Step 1, and what surrounds all of them: places in the queue are held until the answers end, and every error is counted.</summary>
    /// <param name="count">How many answers a body asks for.</param>
    /// <param name="read">Makes a question of the body; exactly one of the results is null.</param>
    /// <param name="answer">Answers it, and hands the places to the engine.</param>
    public static async Task<ApiError?> AdmitAsync<TQuestion>(
        HttpContext context, PatchbayRuntime runtime, Func<JsonElement, int> count, QuestionReader<TQuestion> read,
        Func<OpenedEngine, TQuestion, IReadOnlyList<QueueSlot>, Task<ApiError?>> answer)
        where TQuestion : class
    {
        if (!runtime.TryBegin(out var opened, out var unavailable))
        {
            return unavailable;
        }
        IReadOnlyList<QueueSlot>? slots = null;
        try
        {
            // 1
            var (body, error) = await RequestBody.ReadAsync(context, runtime.Options.MaxRequestBytes);
            TQuestion? question = null;
            using (body)
            {
                if (body is not null)
                {
                    (question, error) = opened.Engine.TryReserve(count(body.Root), out slots, out var refusal)
                        ? read(body.Root, opened, runtime)
                        : (null, ApiError.From(refusal, promptField: ""));
                }
            }
            error = question is null ? error : await answer(opened, question, slots!);
            if (error is not null)
            {
                runtime.Observation.Ledger.Refuse(error.Code ?? error.Type);
            }
            return error;
        }
        finally
        {
            foreach (var slot in slots ?? [])
            {
                slot.Dispose();
            }
            runtime.End();
        }
    }

    /// <summary>The error for a request that the engine does not take; the arms that were to answer it count it.</summary>
    public static ApiError Refuse(OpenedEngine opened, RequestRefusedException refusal, string promptField, params ReadOnlySpan<AnswerSource> sources)
    {
        if (refusal.Reason is RequestRefusal.QueueFull or RequestRefusal.Unavailable)
        {
            foreach (var source in sources)
            {
                opened.Releases.Refuse(source);
            }
        }
        return ApiError.From(refusal, promptField);
    }

    private static async Task<ApiError?> AnswerAsync(
        HttpContext context, PatchbayRuntime runtime, OpenedEngine opened, Question question, IReadOnlyList<QueueSlot> slots)
    {
        // 2
        var answers = question.Prompts.Count * question.Options.Choices;
        var (model, error) = await ModelAcquisition.RunAsync(context, opened, question.Options, answers);
        if (model is null)
        {
            return error;
        }
        using (model)
        {
            AnswerHeaders.Write(context, model);
            var source = AnswerSource.Of(model);
            // 3
            GenerationGroup group;
            try
            {
                group = question.Options.MaxTokens == 0
                    ? GenerationGroup.WithoutTokens(answers)
                    : GenerationGroup.Start(opened.Engine, question.ToRequests(model, slots), question.Options.StopStrings, context.RequestAborted);
            }
            catch (RequestRefusedException refusal)
            {
                return Refuse(opened, refusal, question.PromptField, source);
            }
            // 4
            var id = question.Shape.IdPrefix + context.TraceIdentifier;
            group.Watch = runtime.Observation.Ledger.Begin(
                id, question.Shape.Operation, Caller.Of(context).Name, source, answers);
            var aftermath = AnswerAftermath.Begin(opened, question, model.Shadow, group.Watch);
            await using (group)
            {
                try
                {
                    await SendAsync(context, runtime, id, question, model, group);
                }
                finally
                {
                    aftermath.End(group.Watch.End(question, group.CompletionTokens, context.RequestAborted.IsCancellationRequested));
                    if (model.Name is { } name)
                    {
                        runtime.Activity.Add(name, group.CompletionTokens);
                    }
                }
            }
        }
        return null;
    }

    private static async Task SendAsync(HttpContext context, PatchbayRuntime runtime, string id, Question question, AnsweringModel model, GenerationGroup group)
    {
        var shape = question.Shape;
        var stream = question.Options.Stream;
        var head = new AnswerHead(
            id, stream ? shape.EventType : shape.WholeType,
            runtime.Time.GetUtcNow().ToUnixTimeSeconds(), model.Model, model.Digest);
        var sender = new AnswerSender(context, group, shape, head, () => UsageOf(question, group));
        if (!stream)
        {
            await sender.SendWholeAsync();
            return;
        }
        using var events = SseWriter.Start(context, runtime.Options.KeepAliveInterval, runtime.Time);
        await sender.StreamAsync(events, question.Options.IncludeUsage);
    }

    private static Usage UsageOf(Question question, GenerationGroup group)
    {
        var cached = 0;
        for (var prompt = 0; prompt < question.Prompts.Count; prompt++)
        {
            cached += group.CachedPromptTokens(prompt * question.Options.Choices);
        }
        return new Usage(question.Prompts.Sum(prompt => prompt.Length), group.CompletionTokens, cached);
    }
}
