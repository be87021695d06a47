using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Patchbay.Server.Answers;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>The body of <c>POST /v1/chat/completions</c>, checked.</summary>
internal sealed record ChatCompletionsRequest
{
    private static readonly string[] OwnTemplateVariables =
        ["messages", "tools", "documents", "add_generation_prompt", "continue_final_message", "chat_template", "tokenize"];

    public required AnswerOptions Options { get; init; }

    /// <summary>The conversation; every content is a string or null.</summary>
    public required JsonElement Messages { get; init; }

    public JsonElement? Tools { get; private init; }

    public JsonElement? Documents { get; private init; }

    public bool AddGenerationPrompt { get; private init; }

    public bool ContinueFinalMessage { get; private init; }

    public IReadOnlyDictionary<string, JsonElement>? TemplateVariables { get; private init; }

    /// <summary>Alternatives listed for each token; null lists no log-probabilities at all.</summary>
    public int? TopLogProbabilities { get; private init; }

    public static bool TryRead(
        JsonElement root, string baseName, int vocabularySize, int maxChoices,
        [NotNullWhen(true)] out ChatCompletionsRequest? request, [NotNullWhen(false)] out ApiError? error)
    {
        var fields = new RequestFields(root);
        RefuseUnsupported(fields);
        var options = AnswerOptions.Read(fields, baseName, vocabularySize, maxChoices);
        if (options.MaxTokens == 0)
        {
            fields.Report("max_tokens", "'max_tokens' must be 1 or more: an answer has at least one token. Leave it out for as many as the context holds.");
        }
        var continues = fields.Flag("continue_final_message");
        if (continues && fields.Flag("add_generation_prompt"))
        {
            fields.Report("continue_final_message", "'continue_final_message' and 'add_generation_prompt' cannot both be true.");
        }
        var messages = ChatMessages.Read(fields, continues);
        var candidate = new ChatCompletionsRequest
        {
            Options = options,
            Messages = messages ?? default,
            Tools = ReadTools(fields),
            Documents = fields.Array("documents"),
            AddGenerationPrompt = !continues && fields.Flag("add_generation_prompt", otherwise: true),
            ContinueFinalMessage = continues,
            TemplateVariables = ReadTemplateVariables(fields),
            TopLogProbabilities = ReadLogProbabilities(fields),
        };
        error = fields.Error;
        request = error is null ? candidate : null;
        return request is not null;
    }

    private static void RefuseUnsupported(RequestFields fields)
    {
        fields.Refuse("functions", "use 'tools'.", "[]");
        fields.Refuse("function_call", "use 'tools'.", "\"none\"", "\"auto\"");
        fields.Refuse("modalities", "answers are text.", "[\"text\"]", "[ \"text\" ]");
        fields.Refuse("audio", "answers are text.");
        fields.Refuse("prediction", "leave it out.");
        fields.Refuse("echo", "it exists for /v1/completions only.", "false");
        fields.Refuse("suffix", "chat answers have none.");
        fields.Refuse("prompt", "send 'messages', or use /v1/completions.");
        fields.Refuse("verbosity", "say in a message how long the answer should be.");
        fields.Refuse("web_search_options", "this server does not search.");
        fields.Refuse("chat_template", "the model's own template is used.");
        fields.Refuse("thinking_token_budget", "use 'max_tokens'.");
    }

    private static JsonElement? ReadTools(RequestFields fields)
    {
        if (fields.TryGet("tool_choice", out var choice) && !(choice.ValueKind == JsonValueKind.String && choice.GetString() is "none" or "auto"))
        {
            fields.Report("tool_choice", "'tool_choice' must be \"none\" or \"auto\"; this server cannot force a call.", "unsupported_parameter");
        }
        if (fields.Array("tools") is not { } tools)
        {
            return null;
        }
        if (tools.GetArrayLength() > 128 || tools.EnumerateArray().Any(tool => tool.ValueKind != JsonValueKind.Object))
        {
            fields.Report("tools", "'tools' must be an array of at most 128 objects.");
        }
        return tools.GetArrayLength() == 0 || (choice.ValueKind == JsonValueKind.String && choice.ValueEquals("none")) ? null : tools;
    }

    private static Dictionary<string, JsonElement>? ReadTemplateVariables(RequestFields fields)
    {
        var variables = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var variable in fields.Object("chat_template_kwargs")?.EnumerateObject() ?? default)
        {
            if (OwnTemplateVariables.Contains(variable.Name))
            {
                fields.Report("chat_template_kwargs", $"'chat_template_kwargs' must not hold '{variable.Name}'; it is a field of the request itself.");
            }
            variables[variable.Name] = variable.Value;
        }
        if (fields.Text("reasoning_effort") is not null && fields.TryGet("reasoning_effort", out var effort))
        {
            variables.TryAdd("reasoning_effort", effort);
        }
        return variables.Count == 0 ? null : variables;
    }

    private static int? ReadLogProbabilities(RequestFields fields)
    {
        var wanted = fields.Flag("logprobs");
        var top = fields.Integer("top_logprobs", 0, 20);
        if (top > 0 && !wanted)
        {
            fields.Report("top_logprobs", "'top_logprobs' needs 'logprobs' to be true.");
        }
        return wanted ? top ?? 0 : null;
    }
}
