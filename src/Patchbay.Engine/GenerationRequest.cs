namespace Patchbay.Engine;

/// <summary>One prompt to be continued. Knows tokens only; text, names of adapters and tenants stay above the engine.</summary>
public sealed record GenerationRequest
{
    /// <summary>The prompt, at least one token.</summary>
    public required ReadOnlyMemory<int> PromptTokens { get; init; }

    /// <summary>
    /// The adapter version that answers; null is the base model. The engine takes the lease over: it is released when
    /// the generation ends, is cancelled or is refused.
    /// </summary>
    public AdapterLease? Adapter { get; init; }

    /// <summary>Most tokens to generate; generation also ends at the model's context length.</summary>
    public int MaxTokens { get; init; } = int.MaxValue;

    /// <summary>How the next token is chosen.</summary>
    public SamplingOptions Sampling { get; init; } = SamplingOptions.Default;

    /// <summary>Tokens that end the answer, beside the model's own end-of-sequence tokens.</summary>
    public IReadOnlyCollection<int> StopTokens { get; init; } = [];

    /// <summary>Whether the model's end-of-sequence tokens are answered like any other token.</summary>
    public bool IgnoreEndOfSequence { get; init; }

    /// <summary>How many alternatives each token's log-probabilities list; null asks for none, 0 for the chosen token's alone.</summary>
    public int? LogProbabilities { get; init; }

    /// <summary>Separates prefix caches of tenants that must not learn from each other's timing; null shares.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>Receives the float32 logits after each prompt token (position, row of vocabulary length); forces the whole prompt to be computed.</summary>
    public Action<int, ReadOnlySpan<float>>? PromptLogits { get; init; }
}

/// <summary>How the next token is chosen from the logits. Applied in the order of the properties.</summary>
public sealed record SamplingOptions
{
    /// <summary>Plain sampling from the model's distribution.</summary>
    public static SamplingOptions Default { get; } = new();

    /// <summary>Always the likeliest token.</summary>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Added to the logits of single tokens, -100 to 100.</summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = new Dictionary<int, float>();

    /// <summary>Divides positive and multiplies negative logits of tokens seen in prompt or answer (CTRL, arXiv:1909.05858); 1 is off.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Subtracted once from each token already in the answer, -2 to 2.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted from each token of the answer as often as it occurs, -2 to 2.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Divides the logits; 0 always takes the likeliest token.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Keeps the k likeliest tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps the likeliest tokens until their probabilities reach this sum (nucleus sampling, arXiv:1904.09751).</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keeps tokens at least this likely relative to the likeliest (arXiv:2407.01082).</summary>
    public float MinP { get; init; }

    /// <summary>Makes the answer repeatable; null draws a seed, which <see cref="Generation.Seed"/> then tells.</summary>
    public ulong? Seed { get; init; }
}

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>It has not ended.</summary>
    None,

    /// <summary>The model ended its answer, or a stop token or stop string came.</summary>
    Stop,

    /// <summary>The token limit or the context length is reached.</summary>
    Length,
}

/// <summary>One generated token. The last one of a generation carries the reason for the end.</summary>
/// <param name="Id">The token.</param>
/// <param name="Finish">Why the generation ends with this token, or <see cref="FinishReason.None"/>.</param>
/// <param name="LogProbabilities">Of this token and its alternatives, if the request asked for them.</param>
public readonly record struct GeneratedToken(int Id, FinishReason Finish, TokenLogProbabilities? LogProbabilities);

/// <summary>Natural logarithms of the model's own probabilities, before penalties and temperature.</summary>
/// <param name="Chosen">Of the token that was chosen.</param>
/// <param name="Top">The likeliest tokens, best first.</param>
public sealed record TokenLogProbabilities(float Chosen, IReadOnlyList<TokenLogProbability> Top);

/// <summary>A token and the natural logarithm of its probability.</summary>
public readonly record struct TokenLogProbability(int Id, float Value);

/// <summary>Why the engine does not take a request.</summary>
public enum RequestRefusal
{
    /// <summary>The prompt has no token.</summary>
    EmptyPrompt,

    /// <summary>A token is outside the vocabulary.</summary>
    UnknownToken,

    /// <summary>The prompt leaves no room for an answer within the context length.</summary>
    PromptTooLong,

    /// <summary>A sampling option is outside its range.</summary>
    InvalidSampling,

    /// <summary>Too many requests wait already.</summary>
    QueueFull,

    /// <summary>The engine is shutting down, or failed while it computed this request.</summary>
    Unavailable,
}

/// <summary>A request that the engine does not take, or could not finish; the message is written for the caller.</summary>
public sealed class RequestRefusedException(RequestRefusal reason, string message) : Exception(message)
{
    /// <summary>The kind of refusal.</summary>
    public RequestRefusal Reason { get; } = reason;
}
