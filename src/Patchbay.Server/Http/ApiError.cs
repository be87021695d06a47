using Microsoft.AspNetCore.Http;
using Patchbay.Engine;

namespace Patchbay.Server.Http;

/// <summary>A refusal in OpenAI's shape: the status, and what stands in <c>error</c>.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Type">OpenAI's error class, such as <c>invalid_request_error</c>.</param>
/// <param name="Message">One or more sentences for the caller.</param>
/// <param name="Param">The field that is wrong.</param>
/// <param name="Code">What programs compare, such as <c>model_not_found</c>.</param>
internal sealed record ApiError(int Status, string Type, string Message, string? Param = null, string? Code = null)
{
    private const string InvalidRequestType = "invalid_request_error";

    /// <summary>Where a compare-and-set failed, the generation that is true now.</summary>
    public long? Generation { get; init; }

    /// <summary>Everything that is wrong, where more than one sentence is needed.</summary>
    public IReadOnlyList<FieldError> Errors { get; init; } = [];

    /// <summary>When another try may succeed; null leaves it to the status.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the same request may succeed a moment later; the answer then carries <c>Retry-After</c>.</summary>
    public bool IsWorthRetrying => Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable;

    public static ApiError Invalid(string message, string? param = null, string? code = null) =>
        new(StatusCodes.Status400BadRequest, InvalidRequestType, message, param, code);

    public static ApiError NotFound(string message, string? param = null, string? code = null) =>
        new(StatusCodes.Status404NotFound, InvalidRequestType, message, param, code);

    public static ApiError WrongStatus(int status, string message, string? code = null) =>
        new(status, InvalidRequestType, message, null, code);

    public static ApiError Unavailable(string message, string code) =>
        new(StatusCodes.Status503ServiceUnavailable, "server_error", message, null, code);

    public static ApiError Internal(string requestId) =>
        new(StatusCodes.Status500InternalServerError, "server_error", $"The server failed on this request. Its log has the cause under request id {requestId}.", null, "internal_error");

    /// <summary>What the engine's refusal means over HTTP.</summary>
    public static ApiError From(RequestRefusedException refusal, string promptField) => refusal.Reason switch
    {
        RequestRefusal.QueueFull => new(StatusCodes.Status429TooManyRequests, "rate_limit_error", refusal.Message, null, "queue_full") { RetryAfter = refusal.RetryAfter },
        RequestRefusal.Unavailable => Unavailable(refusal.Message, "engine_unavailable"),
        RequestRefusal.PromptTooLong => Invalid(refusal.Message, promptField, "context_length_exceeded"),
        RequestRefusal.InvalidSampling or RequestRefusal.AdaptersCannotBeComposed => Invalid(refusal.Message),
        _ => Invalid(refusal.Message, promptField),
    };
}

/// <summary>A field, file or tensor and what is wrong with it.</summary>
internal sealed record FieldError(string Field, string Message);
