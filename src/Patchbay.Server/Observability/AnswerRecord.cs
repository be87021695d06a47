using Patchbay.Control.Answers;
using Patchbay.Server.Adapters;
using Patchbay.Server.Answers;

namespace Patchbay.Server.Observability;

/// <summary>
/// What is known of one request once it has ended: enough to find it, judge it and make it again.
/// </summary>
internal sealed record AnswerRecord
{
    /// <summary>The completion id that the caller got.</summary>
    public required string Id { get; init; }

    /// <summary>When it was routed.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary><c>chat</c> or <c>text_completion</c>, as OpenTelemetry's conventions name operations.</summary>
    public required string Operation { get; init; }

    /// <summary>Who asked.</summary>
    public required string Actor { get; init; }

    /// <summary>What answered: its label, digest (null for the base), generation and arm (null where no plan chose).</summary>
    public required AnswerSource Source { get; init; }

    /// <summary>How its answers were made; the seed is the one that was used.</summary>
    public required AnswerOptions Options { get; init; }

    /// <summary>The prompts' token ids. Never shown; kept only where the operator says so.</summary>
    public required IReadOnlyList<int[]> Prompts { get; init; }

    /// <summary>SHA-256 over the prompts' token ids.</summary>
    public required string PromptHash { get; init; }

    /// <summary>SHA-256 over the UTF-8 text of the answers, one after the other.</summary>
    public required string TextHash { get; init; }

    /// <summary>Tokens of all prompts.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens of all answers.</summary>
    public required int CompletionTokens { get; init; }

    /// <summary>From routing to the first token; null where none came.</summary>
    public required TimeSpan? TimeToFirstToken { get; init; }

    /// <summary>From routing to the end.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Why the last answer ended: <c>stop</c>, <c>length</c>, or null where it did not.</summary>
    public required string? FinishReason { get; init; }

    /// <summary>How the request ended.</summary>
    public required AnswerOutcome Outcome { get; init; }

    /// <summary>Mean time of a token after the first; null where there was none.</summary>
    public TimeSpan? TimePerOutputToken => TimeToFirstToken is { } first && CompletionTokens > 1
        ? (Duration - first) / (CompletionTokens - 1)
        : null;
}

/// <summary>What answers a request, with the versions that were added up for it.</summary>
/// <param name="Adapter"><c>base</c>, the adapter's name, or the sum's label.</param>
/// <param name="Digest">The version; null for the base.</param>
/// <param name="Generation">Of the alias that decided.</param>
/// <param name="Arm">The arm of the plan that chose; null where none did.</param>
/// <param name="Parts">The versions with their weights; none for the base.</param>
internal sealed record AnswerSource(string Adapter, string? Digest, string Generation, string? Arm, IReadOnlyList<AnswerPart> Parts)
{
    /// <summary>Of a model that was acquired.</summary>
    public static AnswerSource Of(AnsweringModel model) => new(model.Label, model.Digest, model.Generation, model.Arm, model.Parts);
}
