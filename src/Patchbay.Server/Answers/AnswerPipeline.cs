using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Patchbay.Engine;
using Patchbay.Server.Access;
using Patchbay.Server.Adapters;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;
using Patchbay.Server.Observability;

namespace Patchbay.Server.Answers;

/// <summary>Checks the fields of a body; exactly one of the results is null.</summary>
internal delegate (Question? Question, ApiError? Error) QuestionReader(JsonElement root, OpenedEngine opened, PatchbayRuntime runtime);

/// <summary>
/// The way of every generating request. Chat and text completions differ only in how they read it and in the shape of
/// the answer.
/// <code>
/// body ─ 1 read ─ 2 route and lease ─ 3 queue ─ 4 send
/// </code>
/// 1. The body is read and checked whole; nothing is reserved for a request that is wrong.
/// 2. The model string, or the adapters beside it, become base, version or sum of versions, with leases for each answer;
/// from here on headers say which.
/// 3. All answers are queued at the engine, or none.
/// 4. They are streamed or sent whole; leaving this method for any reason ends them.
/// </summary>
internal static class AnswerPipeline
{
    public static async Task<ApiError?> RunAsync(HttpContext context, PatchbayRuntime runtime, QuestionReader read)
    {
        if (!runtime.TryBegin(out var opened, out var unavailable))
        {
            return unavailable;
        }
        try
        {
            // 1
            var (body, error) = await RequestBody.ReadAsync(context, runtime.Options.MaxRequestBytes);
            Question? question = null;
            using (body)
            {
                if (body is not null)
                {
                    (question, error) = read(body.Root, opened, runtime);
                }
            }
            error = question is null ? error : await AnswerAsync(context, runtime, opened, question.WithSeed());
            if (error is not null)
            {
                runtime.Observation.Ledger.Refuse(error.Code ?? error.Type);
            }
            return error;
        }
        finally
        {
            runtime.End();
        }
    }

    private static async Task<ApiError?> AnswerAsync(HttpContext context, PatchbayRuntime runtime, OpenedEngine opened, Question question)
    {
        // 2
        var answers = question.Prompts.Count * question.Options.Choices;
        var (model, error) = Acquire(opened.Adapters, question.Options, answers);
        if (model is null)
        {
            return error;
        }
        using (model)
        {
            AnswerHeaders.Write(context, model);
            // 3
            GenerationGroup group;
            try
            {
                group = question.Options.MaxTokens == 0
                    ? GenerationGroup.WithoutTokens(answers)
                    : GenerationGroup.Start(opened.Engine, RequestsOf(question, model), question.Options.StopStrings, context.RequestAborted);
            }
            catch (RequestRefusedException refusal)
            {
                return ApiError.From(refusal, question.PromptField);
            }
            // 4
            var id = question.Shape.IdPrefix + context.TraceIdentifier;
            group.Watch = runtime.Observation.Ledger.Begin(
                id, question.Shape.Operation, Caller.Of(context).Name, new AnswerSource(model.Label, model.Digest, model.Generation, null), answers);
            await using (group)
            {
                try
                {
                    await SendAsync(context, runtime, id, question, model, group);
                }
                finally
                {
                    group.Watch.End(question, group.CompletionTokens, context.RequestAborted.IsCancellationRequested);
                }
            }
        }
        return null;
    }

    private static (AnsweringModel? Model, ApiError? Error) Acquire(AdapterService adapters, AnswerOptions options, int answers)
    {
        if (options.Adapters is not { } selection)
        {
            var route = adapters.TryAcquire(options.Model, answers, out var named);
            return (named, named is null ? ModelNotFound.Describe(route.Kind, options.Model, adapters) : null);
        }
        var model = adapters.TryAcquire(selection, answers, out var problem);
        return (model, problem is { } wrong ? SelectionRefused.Describe(wrong, selection.Field, adapters) : null);
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

    private static IEnumerable<GenerationRequest> RequestsOf(Question question, AnsweringModel model)
    {
        var options = question.Options;
        foreach (var prompt in question.Prompts)
        {
            for (var choice = 0; choice < options.Choices; choice++)
            {
                yield return new GenerationRequest
                {
                    PromptTokens = prompt,
                    Adapters = model.TakeLeases(),
                    MaxTokens = options.MaxTokens ?? int.MaxValue,
                    // Several answers of one seed are repeatable, yet not the same answer several times.
                    Sampling = options.Sampling.Seed is { } seed ? options.Sampling with { Seed = unchecked(seed + (ulong)choice) } : options.Sampling,
                    StopTokens = options.StopTokens,
                    IgnoreEndOfSequence = options.IgnoreEndOfSequence,
                    LogProbabilities = question.LogProbabilities,
                    CacheSalt = options.CacheSalt,
                };
            }
        }
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
