using System.Text.Json.Serialization;

namespace Patchbay.Server.Http;

/// <summary>OpenAI's error object.</summary>
internal sealed record ErrorResponse(ErrorBody Error)
{
    /// <summary>Where a compare-and-set failed, the generation that is true now.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Generation { get; init; }
}

internal sealed record ErrorBody(string Message, string Type, string? Param, string? Code);
