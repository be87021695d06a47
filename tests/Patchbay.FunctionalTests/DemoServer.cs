using System.Net;
using System.Text;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>A server with the demo and a copy of its adapters that tests may add to; one for each test class.</summary>
public sealed class DemoServer : IAsyncLifetime
{
    private PatchbayProcess? _process;

    public string Adapters { get; } = Directory.CreateTempSubdirectory("patchbay-functional-").FullName;

    public HttpClient Client { get; private set; } = new();

    internal PatchbayProcess Process => _process ?? throw new InvalidOperationException("The server is not started.");

    public async ValueTask InitializeAsync()
    {
        foreach (var name in Golden.Adapters)
        {
            AddAdapter(name, name);
        }
        _process = await PatchbayProcess.ServeAsync("--model", Path.Combine(Repository.Demo, "base"), "--adapters", Adapters, "--no-watch");
        Client.Dispose();
        Client = new HttpClient { BaseAddress = _process.Address, Timeout = TimeSpan.FromMinutes(2) };
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
        Directory.Delete(Adapters, recursive: true);
    }

    /// <summary>Puts a copy of a demo adapter into the adapters directory under another name.</summary>
    public string AddAdapter(string from, string to)
    {
        var target = Directory.CreateDirectory(Path.Combine(Adapters, to)).FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Demo, "adapters", from)))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)), overwrite: true);
        }
        return target;
    }

    public async Task<HttpResponseMessage> PostAsync(string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        return await Client.PostAsync(path, content);
    }

    /// <summary>Posts and reads the answer, which must have the given status.</summary>
    public async Task<JsonElement> PostJsonAsync(string path, string json, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var response = await PostAsync(path, json);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(expected == response.StatusCode, $"{path}: {response.StatusCode} {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    /// <summary>Asks greedily and returns answer and response.</summary>
    public async Task<(string Answer, HttpResponseMessage Response)> AskAsync(string? model, string question)
    {
        var response = await PostAsync("/v1/chat/completions", Ask(model, question));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        using var document = JsonDocument.Parse(text);
        return (document.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!, response);
    }

    /// <summary>Opens a greedy stream; the caller reads it.</summary>
    public async Task<ChatEvents> StreamAsync(string? model, string question, string fields = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions");
        request.Content = new StringContent(Ask(model, question, "\"stream\":true" + fields), Encoding.UTF8, "application/json");
        var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return new ChatEvents(response);
    }

    /// <summary>Everything that the audit keeps of an adapter's answers, by their ids, once it has them all.</summary>
    /// <param name="ids">The answers that callers know of; they are written a moment after they were sent.</param>
    public async Task<Dictionary<string, JsonElement>> AuditedAsync(string adapter, IReadOnlyCollection<string> ids)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var kept = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
            var before = "";
            while (true)
            {
                using var page = JsonDocument.Parse(await Client.GetStringAsync($"/admin/answers?alias={adapter}&limit=500{before}"));
                var data = page.RootElement.GetProperty("data");
                if (data.GetArrayLength() == 0)
                {
                    break;
                }
                foreach (var answer in data.EnumerateArray())
                {
                    kept[answer.GetProperty("id").GetString()!] = answer.Clone();
                }
                before = "&before=" + Uri.EscapeDataString(data[data.GetArrayLength() - 1].GetProperty("time").GetString()!);
            }
            if (ids.All(kept.ContainsKey))
            {
                return kept;
            }
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(20), "The audit lacks: " + string.Join(", ", ids.Where(id => !kept.ContainsKey(id)).Take(5)));
            await Task.Delay(50);
        }
    }

    public async Task<JsonElement> StatisticsAsync()
    {
        using var document = JsonDocument.Parse(await Client.GetStringAsync("/admin/engine"));
        return document.RootElement.Clone();
    }

    /// <summary>Waits until nothing runs, waits or holds a lease.</summary>
    public async Task WaitUntilIdleAsync(TimeSpan patience)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var now = await StatisticsAsync();
            var busy = now.GetProperty("running_sequences").GetInt32() + now.GetProperty("waiting_sequences").GetInt32()
                + now.GetProperty("active_leases").GetInt32() + now.GetProperty("retired_versions").GetInt32();
            if (busy == 0)
            {
                return;
            }
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < patience, $"Still busy: {now}");
            await Task.Delay(10);
        }
    }

    public static string Ask(string? model, string question, string fields = "\"stream\":false") =>
        $"{{\"model\":{(model is null ? "null" : JsonSerializer.Serialize(model))},\"temperature\":0,{fields},"
        + $"\"messages\":[{{\"role\":\"user\",\"content\":{JsonSerializer.Serialize(question)}}}]}}";
}
