namespace Patchbay.Engine;

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

    /// <summary>The adapters have no weighted sum.</summary>
    AdaptersCannotBeComposed,

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

    /// <summary>When the same request has a chance, for <see cref="RequestRefusal.QueueFull"/>; an estimate from the measured rate.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
