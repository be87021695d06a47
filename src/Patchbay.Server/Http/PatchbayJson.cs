using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Patchbay.Server.Answers;
using Patchbay.Server.Endpoints;
using Patchbay.Server.Judges;
using Patchbay.Server.Releases;

namespace Patchbay.Server.Http;

/// <summary>Generated serializers of every document that is not streamed.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorResponse))]
[JsonSerializable(typeof(ProblemResponse))]
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
[JsonSerializable(typeof(StoredOptions))]
[JsonSerializable(typeof(ReplayResponse))]
[JsonSerializable(typeof(AdapterList))]
[JsonSerializable(typeof(AdapterState))]
[JsonSerializable(typeof(UploadResponse))]
[JsonSerializable(typeof(ReleaseResponse))]
[JsonSerializable(typeof(MemoryResponse))]
[JsonSerializable(typeof(RemovedResponse))]
[JsonSerializable(typeof(VerifyResponse))]
[JsonSerializable(typeof(RouteListResponse))]
[JsonSerializable(typeof(RouteBody))]
[JsonSerializable(typeof(ExplainResponse))]
[JsonSerializable(typeof(ReleaseListResponse))]
[JsonSerializable(typeof(ReleaseResponseBody))]
[JsonSerializable(typeof(FeedbackResponse))]
[JsonSerializable(typeof(JudgedAnswer))]
[JsonSerializable(typeof(ReleaseNotice))]
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
