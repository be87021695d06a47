namespace Patchbay.Control.Answers;

/// <summary>
/// What is kept of one answered request: enough to find it and, with its prompt, to make its answers again bit for bit.
/// </summary>
public sealed record AnswerEntry
{
    /// <summary>The completion id that the caller got.</summary>
    public required string Id { get; init; }

    /// <summary>When it was routed.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary><c>chat</c> or <c>text_completion</c>.</summary>
    public required string Operation { get; init; }

    /// <summary>Who asked.</summary>
    public required string Actor { get; init; }

    /// <summary><c>base</c>, the adapter's name, or the label of a sum.</summary>
    public required string Adapter { get; init; }

    /// <summary>The identity of what answered; null for the base.</summary>
    public string? Digest { get; init; }

    /// <summary>Of the alias that decided.</summary>
    public required string Generation { get; init; }

    /// <summary>The arm of the plan that chose; null where none did.</summary>
    public string? Arm { get; init; }

    /// <summary>The versions that were added up, with their weights; none for the base.</summary>
    public required IReadOnlyList<AnswerPart> Parts { get; init; }

    /// <summary>How the answers were made, as JSON of the server: sampling, seed, limits, stop strings.</summary>
    public required string Options { get; init; }

    /// <summary>SHA-256 over the prompts' token ids.</summary>
    public required string PromptHash { get; init; }

    /// <summary>SHA-256 over the text of the answers.</summary>
    public required string TextHash { get; init; }

    /// <summary>Tokens of all prompts.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens of all answers.</summary>
    public required int CompletionTokens { get; init; }

    /// <summary>Milliseconds to the first token; null where none came.</summary>
    public double? TimeToFirstToken { get; init; }

    /// <summary>Milliseconds to the end.</summary>
    public required double Duration { get; init; }

    /// <summary>Why the last answer ended.</summary>
    public string? FinishReason { get; init; }

    /// <summary><c>done</c>, <c>cancelled</c> or <c>failed</c>.</summary>
    public required string Outcome { get; init; }

    /// <summary>The prompts' token ids; null unless the operator keeps prompts, and after their retention time.</summary>
    public IReadOnlyList<int[]>? Prompts { get; init; }

    /// <summary>What a user said of it; null where nobody did.</summary>
    public AnswerRating? Rating { get; init; }
}

/// <summary>What a user said of an answer.</summary>
/// <param name="Score">From 0 to 1.</param>
/// <param name="Comment">In the user's words; null unless the operator keeps prompts, and after their retention time.</param>
public sealed record AnswerRating(double Score, string? Comment);

/// <summary>A version and its weight in what answered.</summary>
public sealed record AnswerPart(string Digest, double Weight);

/// <summary>Which answers to list, newest first.</summary>
/// <param name="Limit">Most entries.</param>
/// <param name="Before">Only answers before this time; null from now on back.</param>
/// <param name="Adapter">Only of this adapter.</param>
/// <param name="Arm">Only of this arm.</param>
public sealed record AnswerQuery(int Limit, DateTimeOffset? Before = null, string? Adapter = null, string? Arm = null);
