using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Patchbay.Server.Endpoints;

namespace Patchbay.Server.Http;

/// <summary>Generated serializers of every document that is not streamed.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorResponse))]
[JsonSerializable(typeof(IndexResponse))]
[JsonSerializable(typeof(StateResponse))]
[JsonSerializable(typeof(ModelCard))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(LoraAdapterScale[]))]
[JsonSerializable(typeof(SwitchLoraResponse))]
[JsonSerializable(typeof(EngineStatisticsResponse))]
[JsonSerializable(typeof(VllmErrorResponse))]
[JsonSerializable(typeof(SessionResponse))]
[JsonSerializable(typeof(TrafficResponse))]
internal sealed partial class PatchbayJson : JsonSerializerContext
{
    /// <summary>
    /// The context to use. Answers are JSON documents, never parts of HTML pages, so text in any script is sent as it is.
    /// </summary>
    public static PatchbayJson Wire { get; } = new(new JsonSerializerOptions
    {
        // Given again: options of the attribute do not reach a context that is made with its own.
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
