using System.Net;
using System.Text;

namespace Patchbay.FunctionalTests;

/// <summary>More requests than may wait: the surplus is told when to come again, and nobody else notices.</summary>
public sealed class OverloadTests
{
    private const int Requests = 40;

    [Fact]
    public async Task Burst_RefusesTheSurplusWithRetryAfter_AndAnswersTheRest()
    {
        // Memory for one or two short answers at a time, so that others wait.
        await using var process = await PatchbayProcess.ServeAsync(
            "--model", Path.Combine(Repository.Demo, "base"), "--kv-memory", "640KiB", "--max-waiting", "3");
        using var client = new HttpClient { BaseAddress = process.Address, Timeout = TimeSpan.FromMinutes(2) };
        var statuses = await Task.WhenAll(Enumerable.Range(0, Requests).Select(_ => AskAsync(client)));
        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
        Assert.Contains(HttpStatusCode.OK, statuses);
        Assert.All(statuses, status => Assert.True(status is HttpStatusCode.OK or HttpStatusCode.TooManyRequests, $"{status}"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(client));
        Assert.DoesNotContain("fail:", process.Output);
    }

    [Fact]
    public async Task FullQueue_Compare_IsRefusedLikeEveryOtherRequest()
    {
        await using var process = await PatchbayProcess.ServeAsync("--model", Path.Combine(Repository.Demo, "base"), "--kv-memory", "640KiB", "--max-waiting", "2");
        using var client = new HttpClient { BaseAddress = process.Address, Timeout = TimeSpan.FromMinutes(2) };
        const string Body = "{\"models\":[\"base\",\"base\"],\"ignore_eos\":true,\"max_tokens\":40,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";

        // Two places for two columns: whoever comes first has both, never one of them.
        var statuses = await Task.WhenAll(Enumerable.Range(0, Requests).Select(_ => AskAsync(client, "/v1/compare", Body)));
        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
        Assert.Contains(HttpStatusCode.OK, statuses);
        Assert.All(statuses, status => Assert.True(status is HttpStatusCode.OK or HttpStatusCode.TooManyRequests, $"{status}"));
        Assert.Contains(
            $"patchbay_refusals_total{{reason=\"queue_full\"}} {statuses.Count(status => status == HttpStatusCode.TooManyRequests)}\n",
            await client.GetStringAsync("/metrics"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(client));
    }

    private static Task<HttpStatusCode> AskAsync(HttpClient client) =>
        AskAsync(client, "/v1/chat/completions", DemoServer.Ask(null, "Hello", "\"stream\":false,\"ignore_eos\":true,\"max_tokens\":40"));

    private static async Task<HttpStatusCode> AskAsync(HttpClient client, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(path, content);
        var text = await response.Content.ReadAsStringAsync();
        if (response.StatusCode == HttpStatusCode.TooManyRequests)
        {
            Assert.Contains("\"queue_full\"", text, StringComparison.Ordinal);
            Assert.InRange(response.Headers.RetryAfter?.Delta?.TotalSeconds ?? -1, 1, 63);
        }
        return response.StatusCode;
    }
}
