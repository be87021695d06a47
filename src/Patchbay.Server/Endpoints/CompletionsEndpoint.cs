using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Patchbay.Engine.Text;
using Patchbay.Server.Answers;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary><c>POST /v1/completions</c>: continues one or more texts.</summary>
internal static class CompletionsEndpoint
{
    public static Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime) =>
        AnswerPipeline.RunAsync(context, runtime, Read);

    private static (Question? Question, ApiError? Error) Read(JsonElement root, OpenedEngine opened, PatchbayRuntime runtime)
    {
        var engine = opened.Engine;
        if (!CompletionsRequest.TryRead(root, opened.Adapters.BaseName, engine.Model.VocabularySize, runtime.Options.MaxChoices, out var request, out var error))
        {
            return (null, error);
        }
        if (engine.Tokenizer is not { } tokenizer)
        {
            return (null, ApiError.Invalid("This model has no tokenizer and cannot answer with text.", "model", "no_tokenizer"));
        }
        var prompts = request.Prompts.Select(prompt => prompt.Tokens ?? tokenizer.Encode(prompt.Text!, addSpecialTokens: true)).ToArray();
        var echoes = request.Echo ? EchoesOf(request, tokenizer) : null;
        var shape = new CompletionAnswerShape(
            request.LogProbabilities is not null, echoes, prompts.Length * request.Options.Choices, tokenizer);
        return (new Question(request.Options, prompts, shape, request.LogProbabilities, "prompt"), null);
    }

    private static string[] EchoesOf(CompletionsRequest request, Tokenizer tokenizer) =>
    [
        .. request.Prompts
            .Select(prompt => prompt.Text ?? tokenizer.Decode(prompt.Tokens, skipSpecialTokens: false))
            .SelectMany(text => Enumerable.Repeat(text, request.Options.Choices)),
    ];
}
