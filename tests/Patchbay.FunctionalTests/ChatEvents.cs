using System.Text;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>A stream of chat events, read by the test at its own pace.</summary>
public sealed class ChatEvents(HttpResponseMessage response) : IDisposable
{
    private readonly StreamReader _lines = new(response.Content.ReadAsStream(), Encoding.UTF8);

    public string Header(string name) => Assert.Single(response.Headers.GetValues(name));

    public string HeaderOrEmpty(string name) => response.Headers.TryGetValues(name, out var values) ? values.Single() : "";

    /// <summary>Text read so far.</summary>
    public StringBuilder Text { get; } = new();

    /// <summary>Why the answer ended; null while it goes on.</summary>
    public string? Finish { get; private set; }

    public bool IsDone { get; private set; }

    /// <summary>The count of tokens, where the stream brought one.</summary>
    public JsonElement? Usage { get; private set; }

    /// <summary>Reads one event; null at the end of the stream.</summary>
    public async Task<JsonElement?> ReadAsync()
    {
        while (await _lines.ReadLineAsync() is { } line)
        {
            if (line.Length == 0 || line.StartsWith(':'))
            {
                continue;
            }
            Assert.StartsWith("data: ", line);
            Assert.Equal("", await _lines.ReadLineAsync());
            if (line == "data: [DONE]")
            {
                IsDone = true;
                return null;
            }
            using var document = JsonDocument.Parse(line["data: ".Length..]);
            Take(document.RootElement);
            return document.RootElement.Clone();
        }
        return null;
    }

    /// <summary>Reads until some text has come.</summary>
    public async Task ReadSomeAsync()
    {
        while (Text.Length == 0 && await ReadAsync() is not null)
        {
        }
    }

    /// <summary>Reads to the end and returns the whole text.</summary>
    public async Task<string> ReadAllAsync()
    {
        while (await ReadAsync() is not null)
        {
        }
        return Text.ToString();
    }

    public void Dispose()
    {
        _lines.Dispose();
        response.Dispose();
    }

    private void Take(JsonElement piece)
    {
        if (piece.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object)
        {
            Usage = usage.Clone();
        }
        foreach (var choice in piece.TryGetProperty("choices", out var choices) ? choices.EnumerateArray() : default)
        {
            if (choice.GetProperty("delta").TryGetProperty("content", out var content))
            {
                Text.Append(content.GetString());
            }
            Finish = choice.GetProperty("finish_reason").GetString() ?? Finish;
        }
    }
}
