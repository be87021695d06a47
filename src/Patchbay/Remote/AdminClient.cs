using System.Formats.Tar;
using System.IO.Pipelines;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Patchbay.Remote;

/// <summary>A running server's /admin routes, for commands. Answers are JSON; a refusal becomes one exception with its sentence.</summary>
internal sealed class AdminClient : IDisposable
{
    private readonly HttpClient _http;

    /// <param name="url">Where the server listens.</param>
    /// <param name="key">An admin key; null where the server has none.</param>
    public AdminClient(Uri url, string? key)
    {
        _http = new HttpClient { BaseAddress = url, Timeout = Timeout.InfiniteTimeSpan };
        if (key is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    /// <exception cref="AdminException">The server refuses or cannot be reached.</exception>
    public Task<JsonElement> GetAsync(string path, CancellationToken cancellation) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancellation);

    /// <inheritdoc cref="GetAsync"/>
    public Task<JsonElement> PostAsync(string path, Dictionary<string, string?> fields, CancellationToken cancellation)
    {
        var given = fields.Where(field => field.Value is not null).ToDictionary(field => field.Key, field => field.Value!);
        return PostJsonAsync(path, JsonSerializer.Serialize(given, AdminJson.Default.DictionaryStringString), cancellation);
    }

    /// <summary>Posts JSON as it is.</summary>
    /// <exception cref="AdminException">The server refuses or cannot be reached.</exception>
    public Task<JsonElement> PostJsonAsync(string path, string json, CancellationToken cancellation) => SendAsync(
        new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") }, cancellation);

    /// <summary>Sends a directory as a tar archive, as it is read.</summary>
    /// <exception cref="AdminException">The server refuses or cannot be reached.</exception>
    public async Task<JsonElement> PutDirectoryAsync(string path, string directory, CancellationToken cancellation)
    {
        var pipe = new Pipe();
        var writing = WriteAsync();
        var content = new StreamContent(pipe.Reader.AsStream());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
        try
        {
            return await SendAsync(new HttpRequestMessage(HttpMethod.Put, path) { Content = content }, cancellation);
        }
        finally
        {
            await pipe.Reader.CompleteAsync();
            await writing;
        }

        async Task WriteAsync()
        {
            try
            {
                await TarFile.CreateFromDirectoryAsync(directory, pipe.Writer.AsStream(leaveOpen: true), includeBaseDirectory: false, cancellation);
                await pipe.Writer.CompleteAsync();
            }
            catch (Exception problem)
            {
                // The request ends with it.
                await pipe.Writer.CompleteAsync(problem);
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonElement> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        try
        {
            using (request)
            using (var response = await _http.SendAsync(request, cancellation))
            {
                var text = await response.Content.ReadAsStringAsync(cancellation);
                using var document = JsonDocument.Parse(text);
                return response.IsSuccessStatusCode
                    ? document.RootElement.Clone()
                    : throw new AdminException(Describe(document.RootElement), (int)response.StatusCode);
            }
        }
        catch (HttpRequestException problem)
        {
            throw new AdminException($"The server at {_http.BaseAddress} cannot be reached: {problem.Message}", 0);
        }
        catch (JsonException)
        {
            throw new AdminException($"What answers at {_http.BaseAddress} is no Patchbay server.", 0);
        }
    }

    // A problem document of /admin, or an error object of another route.
    private static string Describe(JsonElement problem) =>
        problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty("detail", out var detail) ? detail.ToString()
        : problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty("error", out var error) && error.TryGetProperty("message", out var message) ? message.ToString()
        : "The server refused.";
}

/// <summary>What a server said no with.</summary>
/// <param name="message">Its sentence.</param>
/// <param name="status">The HTTP status; 0 where nobody answered.</param>
internal sealed class AdminException(string message, int status) : Exception(message)
{
    public int Status => status;
}

[System.Text.Json.Serialization.JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class AdminJson : System.Text.Json.Serialization.JsonSerializerContext;
