using System.Text.Json;

namespace Patchbay.Engine.Text;

/// <summary>One conversation to be rendered as a prompt.</summary>
public sealed record ChatTemplateInput
{
    /// <summary>The messages, a JSON array of objects; content that is null counts as absent.</summary>
    public required JsonElement Messages { get; init; }

    /// <summary>The tools that the model may call, a JSON array; none when absent or null.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>The documents that the model may cite, a JSON array; none when absent or null.</summary>
    public JsonElement? Documents { get; init; }

    /// <summary>Whether the prompt ends with the header of the assistant's answer.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>Whether the model continues the last message; needs <see cref="AddGenerationPrompt"/> to be false.</summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>Further variables such as <c>enable_thinking</c>; those that the template gets anyway cannot be overridden.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Variables { get; init; }

    /// <summary>The local time that <c>strftime_now</c> tells; the system's when null.</summary>
    public DateTimeOffset? Now { get; init; }
}
