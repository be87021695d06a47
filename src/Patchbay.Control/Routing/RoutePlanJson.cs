using System.Text.Json;
using System.Text.Json.Serialization;

namespace Patchbay.Control.Routing;

/// <summary>Plans as JSON: snake_case names, a field that nobody reads refused.</summary>
public static class RoutePlanJson
{
    /// <summary>Writes a plan.</summary>
    public static string Write(RoutePlan plan) => JsonSerializer.Serialize(plan, RoutePlanJsonContext.Default.RoutePlan);

    /// <summary>Reads a plan; null comes with the problem and the path of its field.</summary>
    /// <param name="path">What the plan's field is called where it was sent.</param>
    public static RoutePlan? Read(JsonElement json, out FieldProblem? problem, string path = "plan")
    {
        problem = null;
        try
        {
            if (json.ValueKind == JsonValueKind.Object)
            {
                return json.Deserialize(RoutePlanJsonContext.Default.RoutePlan);
            }
            problem = new FieldProblem(path, "must be an object with 'kind'");
        }
        catch (JsonException exception)
        {
            problem = new FieldProblem(path + exception.Path?.TrimStart('$'), Describe(exception.Message));
        }
        catch (NotSupportedException)
        {
            problem = new FieldProblem(path, "must be an object with 'kind' fixed, weighted, ab, shadow or rules");
        }
        return null;
    }

    // The serializer's own sentences name types of this program; two cases cover what callers can get wrong.
    private static string Describe(string message) =>
        message.Contains("could not be mapped", StringComparison.Ordinal) ? "is not a field of this kind of plan"
        : message.Contains("type discriminator", StringComparison.Ordinal) ? "'kind' must be fixed, weighted, ab, shadow or rules"
        : "has the wrong type or a value that is not allowed";
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowOutOfOrderMetadataProperties = true,
    MaxDepth = 32,
    Converters = [typeof(StickinessConverter)])]
[JsonSerializable(typeof(RoutePlan))]
internal sealed partial class RoutePlanJsonContext : JsonSerializerContext;

internal sealed class StickinessConverter() : JsonStringEnumConverter<Stickiness>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);
