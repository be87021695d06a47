using System.Text.Json.Serialization;

namespace Patchbay.Control.Answers;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AnswerEntry))]
[JsonSerializable(typeof(IReadOnlyList<int[]>))]
internal sealed partial class AnswerJson : JsonSerializerContext;
