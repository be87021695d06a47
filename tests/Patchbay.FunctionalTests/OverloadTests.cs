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

    private static async Task<HttpStatusCode> AskAsync(HttpClient client)
    {
        using var content = new StringContent(
            DemoServer.Ask(null, "Hello", "\"stream\":false,\"ignore_eos\":true,\"max_tokens\":40"), Encoding.UTF8, "application/json");
        using var response = await client.PostAsync("/v1/chat/completions", content);
        var text = await response.Content.ReadAsStringAsync();
        if (response.StatusCode == HttpStatusCode.TooManyRequests)
        {
            Assert.Contains("\"queue_full\"", text, StringComparison.Ordinal);
            Assert.InRange(response.Headers.RetryAfter?.Delta?.TotalSeconds ?? -1, 1, 63);
        }
        return response.StatusCode;
    }
}
