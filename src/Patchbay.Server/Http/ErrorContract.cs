using System.Text.Json.Serialization;
using Microsoft.AspNetCore.WebUtilities;

namespace Patchbay.Server.Http;

/// <summary>OpenAI's error object.</summary>
internal sealed record ErrorResponse(ErrorBody Error)
{
    /// <summary>Where a compare-and-set failed, the generation that is true now.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Generation { get; init; }
}

internal sealed record ErrorBody(string Message, string Type, string? Param, string? Code);

/// <summary>RFC 9457's problem document, in which /admin answers.</summary>
/// <param name="Type">Always <c>about:blank</c>: <paramref name="Code"/> says which problem it is.</param>
/// <param name="Title">The status in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong.</param>
/// <param name="Code">What programs compare.</param>
internal sealed record ProblemResponse(string Type, string Title, int Status, string Detail, string Code)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Generation { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FieldError>? Errors { get; init; }

    public static ProblemResponse From(ApiError error) => new(
        "about:blank", ReasonPhrases.GetReasonPhrase(error.Status), error.Status, error.Message, error.Code ?? "invalid_request")
    {
        Generation = error.Generation,
        Errors = error.Errors.Count > 0 ? error.Errors
            : error.Param is { } field ? [new FieldError(field, error.Message)] : null,
    };
}
