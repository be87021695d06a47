using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Patchbay.Server.Answers;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>The body of <c>POST /v1/completions</c>, checked.</summary>
internal sealed record CompletionsRequest
{
    // OpenAI's and vLLM's default for this endpoint.
    private const int DefaultMaxTokens = 16;

    public required AnswerOptions Options { get; init; }

    public required IReadOnlyList<CompletionPrompt> Prompts { get; init; }

    /// <summary>Whether each answer begins with its prompt.</summary>
    public bool Echo { get; private init; }

    /// <summary>Alternatives listed for each token; null lists no log-probabilities at all.</summary>
    public int? LogProbabilities { get; private init; }

    public static bool TryRead(
        JsonElement root, string baseName, int vocabularySize, int maxChoices,
        [NotNullWhen(true)] out CompletionsRequest? request, [NotNullWhen(false)] out ApiError? error)
    {
        var fields = new RequestFields(root);
        fields.Refuse("suffix", "this server continues text only at its end.", "\"\"");
        fields.Refuse("messages", "send 'prompt', or use /v1/chat/completions.");
        var options = AnswerOptions.Read(fields, baseName, vocabularySize, maxChoices);
        options = options with { MaxTokens = options.MaxTokens ?? DefaultMaxTokens };
        var echo = fields.Flag("echo");
        if (options.MaxTokens == 0 && !echo)
        {
            fields.Report("max_tokens", "'max_tokens' must be 1 or more; 0 makes sense only with 'echo'.");
        }
        var logProbabilities = ReadLogProbabilities(fields);
        if (echo && logProbabilities is not null)
        {
            fields.Report("logprobs", "'logprobs' with 'echo' is not supported: a prompt's tokens have none.", "unsupported_parameter");
        }
        var prompts = CompletionPrompt.Read(fields, vocabularySize, maxChoices / options.Choices);
        error = fields.Error;
        request = error is null
            ? new CompletionsRequest { Options = options, Prompts = prompts, Echo = echo, LogProbabilities = logProbabilities }
            : null;
        return request is not null;
    }

    // OpenAI defines a number here; some clients send the chat field's true and false.
    private static int? ReadLogProbabilities(RequestFields fields)
    {
        if (fields.TryGet("logprobs", out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean() ? 0 : null;
        }
        return fields.Integer("logprobs", 0, 5);
    }
}
