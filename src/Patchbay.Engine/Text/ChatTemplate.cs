using System.Text.Json;
using Patchbay.Engine.Text.Jinja;
using Patchbay.Engine.Text.Jinja.Builtins;
using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text;

/// <summary>
/// Renders a conversation as the prompt text that the model was trained on. Immutable: one instance serves all requests.
/// It knows Jinja as chat templates use it, within a fixed budget of time and memory; it does not know tokens or models.
/// </summary>
public sealed class ChatTemplate
{
    /// <summary>Marks where the last message ends. The space tells whether the template trims what it is given.</summary>
    private const string ContinuationMark = "CONTINUE_FINAL_MESSAGE_TAG ";

    /// <summary>A template writes its refusals itself; they go into logs and answers.</summary>
    private const int MaxReason = 4096;

    private readonly ParsedTemplate _template;
    private readonly KeyValuePair<string, string>[] _specialTokens;
    private readonly RenderLimits _limits;

    private ChatTemplate(ParsedTemplate template, IReadOnlyDictionary<string, string> specialTokens, RenderLimits limits)
    {
        _template = template;
        _specialTokens = [.. specialTokens];
        _limits = limits;
    }

    /// <summary>Parses a template; throws <see cref="ChatTemplateException"/> with the line and the reason if it is not valid.</summary>
    /// <param name="source">The template in Jinja's language.</param>
    /// <param name="specialTokens">Variables such as <c>bos_token</c> with their texts.</param>
    public static ChatTemplate Parse(string source, IReadOnlyDictionary<string, string> specialTokens) =>
        Parse(source, specialTokens, RenderLimits.Default);

    /// <summary>Renders a conversation; throws <see cref="ChatTemplateException"/> if the template or the call refuses it.</summary>
    public string Render(ChatTemplateInput input)
    {
        if (input.Messages.ValueKind != JsonValueKind.Array)
        {
            throw Caller($"messages must be an array, not {input.Messages.ValueKind}");
        }

        if (input.Messages.GetArrayLength() == 0)
        {
            throw Caller("Cannot apply chat template to an empty conversation. Provide at least one message.");
        }

        if (!input.ContinueFinalMessage)
        {
            return Run(Variables(input, Messages(input.Messages)), input.Now);
        }

        if (input.AddGenerationPrompt)
        {
            throw Caller("continue_final_message and add_generation_prompt exclude each other: either the model continues "
                + "the last message or it starts a new one.");
        }

        var messages = Messages(input.Messages);
        var finalText = MarkFinalMessage(messages);
        return CutAtMark(Run(Variables(input, messages), input.Now), finalText);
    }

    internal static ChatTemplate Parse(string source, IReadOnlyDictionary<string, string> specialTokens, RenderLimits limits)
    {
        try
        {
            return new ChatTemplate(Parser.Parse(source), specialTokens, limits);
        }
        catch (JinjaException exception)
        {
            throw new ChatTemplateException(exception.Kind, exception.Message, exception.Line);
        }
    }

    /// <summary>Renders with these variables and nothing else: what a conversation adds is left out.</summary>
    internal string RenderVariables(JsonElement variables, DateTimeOffset now)
    {
        var scope = new Scope(null);
        foreach (var variable in variables.EnumerateObject())
        {
            scope.Set(variable.Name, JsonValues.From(variable.Value));
        }

        return Run(scope, now);
    }

    private string Run(Scope variables, DateTimeOffset? now)
    {
        var renderer = new Renderer(_template, variables, _limits, () => now ?? TimeProvider.System.GetLocalNow());
        try
        {
            return renderer.Render();
        }
        catch (JinjaException exception)
        {
            // The template's own refusals are for the client, who knows nothing of its lines.
            int? line = exception.Kind == ChatTemplateErrorKind.Failed ? renderer.Evaluator.Line : null;
            throw new ChatTemplateException(exception.Kind, Shortened(exception.Message), line);
        }
    }

    private static string Shortened(string reason) => reason.Length <= MaxReason ? reason : reason[..MaxReason] + "…";

    private Scope Variables(ChatTemplateInput input, ListValue messages)
    {
        var scope = new Scope(null);
        foreach (var (name, value) in input.Variables ?? new Dictionary<string, JsonElement>())
        {
            if (!Globals.TryGet(name, out _))
            {
                scope.Set(name, JsonValues.From(value));
            }
        }

        // Set last, so that no variable of a client takes their place.
        foreach (var (name, token) in _specialTokens)
        {
            scope.Set(name, token);
        }

        scope.Set("messages", messages);
        scope.Set("tools", input.Tools is { } tools ? JsonValues.From(tools) : null);
        scope.Set("documents", input.Documents is { } documents ? JsonValues.From(documents) : null);
        scope.Set("add_generation_prompt", Boxed.Bool(input.AddGenerationPrompt));
        return scope;
    }

    private static ListValue Messages(JsonElement messages)
    {
        var items = new object?[messages.GetArrayLength()];
        for (var index = 0; index < items.Length; index++)
        {
            items[index] = Message(messages[index], index);
        }

        return new ListValue(items);
    }

    /// <summary>
    /// A message as transformers hands it over: content that is null is left out, since templates ask whether it is
    /// defined, and reasoning also goes by the name that gpt-oss gives it.
    /// </summary>
    private static DictValue Message(JsonElement message, int index)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw Caller($"messages[{index}] must be an object, not {message.ValueKind}");
        }

        var fields = new DictValue(message.GetPropertyCount() + 1);
        foreach (var field in message.EnumerateObject())
        {
            if (field.Value.ValueKind != JsonValueKind.Null || !field.NameEquals("content"))
            {
                fields.Set(field.Name, JsonValues.From(field.Value));
            }
        }

        if (fields.TryGet("reasoning_content", out var reasoning) && reasoning is not null && !fields.TryGet("thinking", out _))
        {
            fields.Set("thinking", reasoning);
        }

        return fields;
    }

    /// <summary>Appends the mark to the last message, or to its last part that is text, and returns the text before it.</summary>
    private static string MarkFinalMessage(ListValue messages)
    {
        var message = (DictValue)messages.Items[^1]!;
        message.TryGet("content", out var content);
        if (content is string text)
        {
            message.Set("content", text + ContinuationMark);
            return text;
        }

        foreach (var part in (content as ListValue)?.Items.Reverse() ?? [])
        {
            if (part is DictValue dict && dict.TryGet("text", out var partText) && partText is string last)
            {
                dict.Set("text", last + ContinuationMark);
                return last;
            }
        }

        throw Caller("continue_final_message is set but the final message has no text to continue");
    }

    private static string CutAtMark(string rendered, string finalText)
    {
        var trimmed = PythonText.TrimEnd(PythonText.TrimStart(finalText));
        var at = rendered.LastIndexOf(ContinuationMark.TrimEnd(), StringComparison.Ordinal);
        if (at < 0 || rendered.AsSpan().IndexOf(trimmed) < 0)
        {
            throw Caller("continue_final_message is set but the final message does not appear in the prompt as it was given; "
                + "this template changes or drops it");
        }

        return rendered.AsSpan(at).StartsWith(ContinuationMark)
            ? rendered[..at]
            : PythonText.TrimEnd(rendered.AsSpan(0, at)).ToString();
    }

    private static ChatTemplateException Caller(string reason) => new(ChatTemplateErrorKind.Caller, reason);
}
