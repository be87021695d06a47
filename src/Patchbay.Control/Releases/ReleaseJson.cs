using System.Text.Json;
using System.Text.Json.Serialization;
using Patchbay.Control.Routing;

namespace Patchbay.Control.Releases;

/// <summary>Releases as JSON: documents of the journal, and what an operator sends to start one.</summary>
public static class ReleaseJson
{
    /// <summary>Writes a release as a document.</summary>
    public static string Write(Release release) => JsonSerializer.Serialize(release, ReleaseJsonContext.Default.Release);

    /// <summary>Reads a release's document.</summary>
    /// <exception cref="JsonException">It is no such document.</exception>
    public static Release Read(string document) =>
        JsonSerializer.Deserialize(document, ReleaseJsonContext.Default.Release) ?? throw new JsonException("A release's document must be an object.");

    /// <summary>Reads what is asked for; null comes with the problem and the path of its field.</summary>
    public static ReleaseSpec? ReadSpec(JsonElement json, out FieldProblem? problem)
    {
        problem = null;
        try
        {
            if (json.ValueKind == JsonValueKind.Object)
            {
                return json.Deserialize(ReleaseJsonContext.Default.ReleaseSpec);
            }
            problem = new FieldProblem("", "must be an object with 'alias', 'candidate' and 'steps'");
        }
        catch (JsonException exception)
        {
            var isUnknown = exception.Message.Contains("could not be mapped", StringComparison.Ordinal);
            problem = new FieldProblem(exception.Path?.TrimStart('$', '.') ?? "", isUnknown ? "is not a field of releases" : "has the wrong type or a value that is not allowed");
        }
        return null;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = false,
    MaxDepth = 64,
    Converters = [typeof(StickinessConverter), typeof(ReleaseKindConverter), typeof(ReleaseStateConverter), typeof(GuardMetricConverter), typeof(JudgeKindConverter), typeof(DigestConverter)])]
[JsonSerializable(typeof(Release))]
[JsonSerializable(typeof(ReleaseAuditDetails))]
internal sealed partial class ReleaseJsonContext : JsonSerializerContext;

internal sealed class ReleaseKindConverter() : JsonStringEnumConverter<ReleaseKind>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

internal sealed class ReleaseStateConverter() : JsonStringEnumConverter<ReleaseState>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

internal sealed class GuardMetricConverter() : JsonStringEnumConverter<GuardMetric>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

internal sealed class JudgeKindConverter() : JsonStringEnumConverter<JudgeKind>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

internal sealed class DigestConverter : JsonConverter<VersionDigest>
{
    public override VersionDigest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && VersionDigest.TryParse(reader.GetString(), out var digest)
            ? digest : throw new JsonException("A version is 'sha256:' and 64 hexadecimal digits.");

    public override void Write(Utf8JsonWriter writer, VersionDigest value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
