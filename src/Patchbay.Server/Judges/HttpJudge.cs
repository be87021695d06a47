using System.Net.Http.Headers;
using System.Text.Json;
using Patchbay.Server.Http;

namespace Patchbay.Server.Judges;

/// <summary>Asks a service: POST of the answer as JSON, <c>{"score":0.8}</c> back. Its answer is read up to a limit.</summary>
internal sealed class HttpJudge(string name, Uri url, HttpClient client) : IAnswerJudge
{
    private const int MaxAnswer = 64 * 1024;

    public string Name => name;

    public async ValueTask<double> ScoreAsync(JudgedAnswer answer, CancellationToken cancellation)
    {
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(answer, PatchbayJson.Wire.JudgedAnswer));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        response.EnsureSuccessStatusCode();
        await response.Content.LoadIntoBufferAsync(MaxAnswer, cancellation);
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        using var json = await JsonDocument.ParseAsync(body, cancellationToken: cancellation);
        return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("score", out var score)
            && score.ValueKind == JsonValueKind.Number && score.TryGetDouble(out var value)
            ? value
            : throw new InvalidDataException("A judge answers with {\"score\": a number from 0 to 1}.");
    }
}
