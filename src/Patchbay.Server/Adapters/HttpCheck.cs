using System.Net.Http.Json;
using System.Text.Json.Serialization;

namespace Patchbay.Server.Adapters;

/// <summary>
/// An own check as a web service: it gets what is known of the adapter as JSON and accepts with a 2xx status; with any
/// other one, the text of its answer says why not. One that takes too long or cannot be reached refuses.
/// </summary>
/// <param name="address">Where to post.</param>
/// <param name="limit">How long it may take.</param>
internal sealed class HttpCheck(Uri address, TimeSpan limit) : IAdapterCheck, IDisposable
{
    private const int MostShown = 500;

    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = limit, MaxResponseContentBufferSize = 64 * 1024 };

    public async Task<string?> FindProblemAsync(AdapterCandidate candidate, CancellationToken cancellation)
    {
        var version = candidate.Version;
        var question = new CheckQuestion(
            candidate.Name, version.Digest.ToString(), candidate.Directory, version.Kind, version.Rank, version.TargetModules, version.FileBytes, version.BaseModel);
        try
        {
            using var response = await _client.PostAsJsonAsync(address, question, CheckJson.Default.CheckQuestion, cancellation);
            if (response.IsSuccessStatusCode)
            {
                return null;
            }
            var said = (await response.Content.ReadAsStringAsync(cancellation)).Trim();
            return said.Length is > 0 and <= MostShown ? said : $"The operator's check service refused the adapter (status {(int)response.StatusCode}).";
        }
        catch (HttpRequestException)
        {
            return "The operator's check service could not be asked.";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"The operator's check service took longer than {limit.TotalSeconds:0} s.";
        }
    }

    public void Dispose() => _client.Dispose();
}

/// <summary>What a check service is asked.</summary>
internal sealed record CheckQuestion(
    string Name, string Digest, string Directory, string Kind, int Rank, IReadOnlyList<string> TargetModules, long Bytes, string? BaseModel);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CheckQuestion))]
internal sealed partial class CheckJson : JsonSerializerContext;
