using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Patchbay.Control.Answers;
using Patchbay.Control.Journal;
using Patchbay.Engine;
using Patchbay.Server.Access;
using Patchbay.Server.Answers;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;
using Patchbay.Server.Observability;

namespace Patchbay.Server.Endpoints;

/// <summary>
/// <c>POST /admin/answers/{id}/replay</c>: makes an answer again and says whether it is the same, bit for bit. The prompt is the kept
/// one, or comes in the body as <c>messages</c> or <c>prompt</c> and must have the hash that was kept.
/// </summary>
internal static class ReplayEndpoint
{
    public static Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(context, runtime, async (opened, fields) =>
    {
        var id = (string)context.GetRouteValue("id")!;
        if (await opened.Answers.Log.FindAsync(id, context.RequestAborted) is not { } entry)
        {
            return AnswersEndpoint.Unknown(id);
        }
        if (entry.Outcome != "done")
        {
            return Conflict("This answer was not finished; only whole answers can be made again.", "answer_not_whole");
        }
        var (prompts, error) = PromptsOf(fields.Root, opened, runtime, entry);
        if (prompts is null)
        {
            return error;
        }
        if (AnswerWatch.HashOf(prompts) != entry.PromptHash)
        {
            return Conflict("The prompt differs from the one that was answered: its hash is another.", "prompt_differs");
        }
        var options = StoredOptions.Read(entry.Options);
        var shape = new CompletionAnswerShape(false, null, prompts.Count * options.Choices, opened.Engine.Tokenizer!);
        var (answer, refused) = await AnswerReplay.RunAsync(
            opened, entry, new Question(options, prompts, shape, null, "prompt"), context.RequestAborted);
        if (answer is null)
        {
            return refused;
        }
        var isSame = answer.Hash == entry.TextHash;
        await opened.Adapters.Plane.RecordAsync(
            new AuditRecord(runtime.Time.GetUtcNow(), Caller.Of(context).Name, "answer.replay", id)
            {
                RequestId = context.TraceIdentifier,
                Details = isSame ? """{"same":true}""" : """{"same":false}""",
            },
            context.RequestAborted);
        var response = new ReplayResponse(isSame, answer.Texts.Count == 1 ? answer.Texts[0] : null, answer.Texts, answer.Hash, entry.TextHash);
        await context.WriteJsonAsync(StatusCodes.Status200OK, response, PatchbayJson.Wire.ReplayResponse);
        return null;
    });

    private static (IReadOnlyList<int[]>? Prompts, ApiError? Error) PromptsOf(
        JsonElement body, OpenedEngine opened, PatchbayRuntime runtime, AnswerEntry entry)
    {
        var (engine, name) = (opened.Engine, opened.Adapters.BaseName);
        if (body.TryGetProperty("messages", out _))
        {
            // As of then: a template may write the date.
            return ChatCompletionsRequest.TryRead(body, name, engine.Model.VocabularySize, runtime.Options.MaxChoices, out var chat, out var error)
                && ChatPrompt.TryRender(engine, chat, TimeZoneInfo.ConvertTime(entry.Time, runtime.Time.LocalTimeZone), out var tokens, out error)
                ? ([tokens], null) : (null, error);
        }
        if (body.TryGetProperty("prompt", out _))
        {
            return CompletionsRequest.TryRead(body, name, engine.Model.VocabularySize, runtime.Options.MaxChoices, out var text, out var error)
                ? ([.. text.Prompts.Select(prompt => prompt.Tokens ?? Encode(engine, prompt.Text!))], null)
                : (null, error);
        }
        return entry.Prompts is { } kept ? (kept, null) : (null, ApiError.Invalid(
            "The prompt of this answer was not kept: send it as 'messages' or 'prompt', as the request had it.", "messages", "prompt_needed"));
    }

    private static int[] Encode(InferenceEngine engine, string text) => engine.Tokenizer?.Encode(text, addSpecialTokens: true) ?? [];

    private static ApiError Conflict(string message, string code) => ApiError.WrongStatus(StatusCodes.Status409Conflict, message, code);
}

/// <summary>What came of making an answer again.</summary>
/// <param name="Same">Whether it is the same text, bit for bit.</param>
/// <param name="Text">The answer; null where the request had several.</param>
/// <param name="Texts">All of its answers.</param>
/// <param name="TextHash">Of this time.</param>
/// <param name="ExpectedHash">Of then.</param>
internal sealed record ReplayResponse(bool Same, string? Text, IReadOnlyList<string> Texts, string TextHash, string ExpectedHash);
