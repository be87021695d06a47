using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Patchbay.Engine;
using Patchbay.Engine.Text;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>Turns a conversation into the tokens that the model's own chat template makes of it.</summary>
internal static class ChatPrompt
{
    public static bool TryRender(
        InferenceEngine engine, ChatCompletionsRequest request, DateTimeOffset now, [NotNullWhen(true)] out int[]? tokens, [NotNullWhen(false)] out ApiError? error)
    {
        tokens = null;
        if (engine.Tokenizer is not { } tokenizer || engine.ChatTemplate is not { } template)
        {
            error = ApiError.Invalid("This model has no chat template; use POST /v1/completions.", "messages", "no_chat_template");
            return false;
        }
        var input = new ChatTemplateInput
        {
            Messages = request.Messages,
            Tools = request.Tools,
            Documents = request.Documents,
            AddGenerationPrompt = request.AddGenerationPrompt,
            ContinueFinalMessage = request.ContinueFinalMessage,
            Variables = request.TemplateVariables,
            Now = now,
        };
        try
        {
            var text = template.Render(input);
            // A template that never looks at the tools would leave the model without them, and nobody would notice.
            if (request.Tools is not null && text == template.Render(input with { Tools = null }))
            {
                error = ApiError.Invalid("This model's chat template does not know 'tools'.", "tools", "unsupported_parameter");
                return false;
            }
            // The template writes the special tokens itself.
            tokens = tokenizer.Encode(text, addSpecialTokens: false);
            error = null;
            return true;
        }
        catch (ChatTemplateException problem)
        {
            error = problem.Kind == ChatTemplateErrorKind.Syntax
                ? new ApiError(StatusCodes.Status500InternalServerError, "server_error", $"The model's chat template is broken: {problem.Message}", null, "chat_template_error")
                : ApiError.Invalid($"The model's chat template cannot render these messages: {problem.Message}", "messages", "chat_template_error");
            return false;
        }
    }
}
