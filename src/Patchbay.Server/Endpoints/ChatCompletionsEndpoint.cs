using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Patchbay.Server.Answers;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary><c>POST /v1/chat/completions</c>: continues a conversation.</summary>
internal static class ChatCompletionsEndpoint
{
    public static Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime) =>
        AnswerPipeline.RunAsync(context, runtime, Read);

    private static (Question? Question, ApiError? Error) Read(JsonElement root, OpenedEngine opened, PatchbayRuntime runtime)
    {
        var engine = opened.Engine;
        if (!ChatCompletionsRequest.TryRead(root, opened.Adapters.BaseName, engine.Model.VocabularySize, runtime.Options.MaxChoices, out var request, out var error)
            || !ChatPrompt.TryRender(engine, request, runtime.Time.GetLocalNow(), out var prompt, out error))
        {
            return (null, error);
        }
        var shape = new ChatAnswerShape(request.TopLogProbabilities is not null, engine.Tokenizer!);
        return (new Question(request.Options, [prompt], shape, request.TopLogProbabilities, "messages"), null);
    }
}
