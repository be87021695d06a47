using System.Net.Http.Headers;
using System.Text.Json;

namespace Patchbay.Bench;

/// <summary>Streams completions from any server with OpenAI's <c>/v1/completions</c>, and notes when each piece arrives.</summary>
internal sealed class CompletionsClient : IDisposable
{
    private const int MaxShownBody = 300;

    private readonly HttpClient _http;
    private readonly CompletionsTarget _target;

    public CompletionsClient(CompletionsTarget target)
    {
        _target = target;
        _http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 4096, UseProxy = false })
        {
            BaseAddress = target.Address,
            Timeout = TimeSpan.FromMinutes(30),
        };
    }

    public int AdapterCount => _target.AdapterCount;

    public void Dispose() => _http.Dispose();

    /// <summary>Asks for exactly <paramref name="newTokens"/> greedy tokens after a prompt of token ids.</summary>
    /// <param name="prompt">Token ids.</param>
    /// <param name="newTokens">Tokens of the answer.</param>
    /// <param name="adapter">Which of the target's adapters answers; null is the base.</param>
    /// <param name="started">Called with the first piece.</param>
    /// <exception cref="InvalidDataException">The server refuses, breaks off, or answers another number of tokens.</exception>
    public async Task<StreamTimes> StreamAsync(int[] prompt, int newTokens, int? adapter, Action? started = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = Body(prompt, newTokens, adapter) };
        var sent = TimeProvider.System.GetTimestamp();
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await RequireSuccessAsync(response, "/v1/completions");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var arrivals = new List<long>(newTokens);
        int? counted = null;
        while (await reader.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith("data: {", StringComparison.Ordinal))
            {
                continue;
            }
            var now = TimeProvider.System.GetTimestamp();
            using var json = JsonDocument.Parse(line.AsMemory("data: ".Length));
            counted = FindTokenCount(json.RootElement) ?? counted;
            if (HasText(json.RootElement))
            {
                arrivals.Add(now);
                if (arrivals.Count == 1)
                {
                    started?.Invoke();
                }
            }
        }
        var tokens = counted ?? arrivals.Count;
        return arrivals.Count > 0 && tokens == newTokens
            ? new StreamTimes(sent, arrivals, tokens)
            : throw new InvalidDataException($"{_target.Address}: expected {newTokens} tokens in a stream, found {tokens} in {arrivals.Count} pieces.");
    }

    /// <summary>Posts JSON and reads the answer.</summary>
    /// <exception cref="InvalidDataException">The server refuses.</exception>
    public async Task<string> PostAsync(string path, Action<Utf8JsonWriter> writeFields)
    {
        using var content = Json(writeFields);
        using var response = await _http.PostAsync(path, content);
        await RequireSuccessAsync(response, path);
        return await response.Content.ReadAsStringAsync();
    }

    private ByteArrayContent Body(int[] prompt, int newTokens, int? adapter) => Json(json =>
    {
        var model = adapter is { } index && _target.LoraIds.Count == 0 ? _target.Adapters[index % _target.Adapters.Count] : _target.Model;
        if (model is not null)
        {
            json.WriteString("model"u8, model);
        }
        json.WriteStartArray("prompt"u8);
        Array.ForEach(prompt, json.WriteNumberValue);
        json.WriteEndArray();
        json.WriteNumber("max_tokens"u8, newTokens);
        json.WriteNumber("temperature"u8, 0);
        json.WriteBoolean("ignore_eos"u8, true);
        json.WriteBoolean("stream"u8, true);
        json.WriteStartObject("stream_options"u8);
        json.WriteBoolean("include_usage"u8, true);
        json.WriteEndObject();
        if (_target.LoraIds.Count > 0)
        {
            // An adapter that is not listed has weight 0; an empty list would mean the server's default.
            json.WriteStartArray("lora"u8);
            json.WriteStartObject();
            json.WriteNumber("id"u8, _target.LoraIds[(adapter ?? 0) % _target.LoraIds.Count]);
            json.WriteNumber("scale"u8, adapter is null ? 0.0 : 1.0);
            json.WriteEndObject();
            json.WriteEndArray();
        }
    });

    private static ByteArrayContent Json(Action<Utf8JsonWriter> writeFields)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            writeFields(json);
            json.WriteEndObject();
        }
        return new ByteArrayContent(body.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
    }

    private static bool HasText(JsonElement piece) =>
        piece.TryGetProperty("choices", out var choices) && choices.ValueKind == JsonValueKind.Array && choices.GetArrayLength() > 0
        && choices[0].TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String && text.GetString() != "";

    private static int? FindTokenCount(JsonElement piece) =>
        piece.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object
        && usage.TryGetProperty("completion_tokens", out var tokens) && tokens.TryGetInt32(out var count)
            ? count
            : null;

    private static async Task RequireSuccessAsync(HttpResponseMessage response, string path)
    {
        if (!response.IsSuccessStatusCode)
        {
            var body = await response.Content.ReadAsStringAsync();
            throw new InvalidDataException(
                $"{response.RequestMessage?.RequestUri?.GetLeftPart(UriPartial.Authority)}{path} answered {(int)response.StatusCode}: {body[..Math.Min(body.Length, MaxShownBody)]}");
        }
    }
}
