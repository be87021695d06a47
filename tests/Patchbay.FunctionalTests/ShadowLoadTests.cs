using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>A shadow under load: its copies give way, real answers do not.</summary>
public sealed class ShadowLoadTests
{
    private const int Requests = 60;

    [Fact]
    public async Task Burst_DropsCopiesFirst_AndAnswersEveryRealRequest()
    {
        // Memory for one or two answers at a time; as many may wait as are sent, so a copy that keeps a place would cost a real request its own.
        await using var process = await PatchbayProcess.ServeAsync(
            "--model", Path.Combine(Repository.Demo, "base"), "--adapters", Path.Combine(Repository.Demo, "adapters"),
            "--kv-memory", "640KiB", "--max-waiting", "64");
        using var client = new HttpClient { BaseAddress = process.Address, Timeout = TimeSpan.FromMinutes(2) };
        var other = (await GetAsync(client, "/admin/adapters/finance")).GetProperty("digest").GetString();
        using var put = await client.PutAsJsonAsync(
            "/admin/routes/medical", new { plan = new { kind = "shadow", digest = "current", shadow = new { digest = other, share = 1 } } });
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);

        // While nothing else runs, and there is memory for both, a copy is answered and compared.
        var brief = await AskAsync(client, tokens: 2);
        var quiet = await SettledAsync(client, 1);
        Assert.Equal((1, 0, 1), (Count(quiet, "copied"), Count(quiet, "dropped"), Count(quiet, "compared")));

        var answers = await Task.WhenAll(Enumerable.Range(0, Requests).Select(_ => AskAsync(client, tokens: 40)));
        Assert.All(answers, answer => Assert.Equal(answers[0].Text, answer.Text));
        Assert.StartsWith(brief.Text, answers[0].Text, StringComparison.Ordinal);
        var busy = await SettledAsync(client, 1 + Requests);
        Assert.True(Count(busy, "dropped") > Count(busy, "copied"), busy.ToString());
        Assert.Equal(1 + Requests, Count(busy, "dropped") + Count(busy, "copied"));
        Assert.Equal(0, busy.GetProperty("arms").EnumerateArray().Sum(arm => arm.GetProperty("errors").GetInt32()));

        // Copies are nobody's answers: the audit has those that callers got, and no other.
        var kept = (await GetAsync(client, "/admin/answers?limit=500")).GetProperty("data").EnumerateArray().ToList();
        Assert.Equal(answers.Append(brief).Select(answer => answer.Id).Order(StringComparer.Ordinal), kept.Select(answer => answer.GetProperty("id").GetString()).Order(StringComparer.Ordinal));
        Assert.All(kept, answer => Assert.Equal("live", answer.GetProperty("arm").GetString()));
    }

    // Once every request's copy has come to its end.
    private static async Task<JsonElement> SettledAsync(HttpClient client, int requests)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var shadow = (await GetAsync(client, "/admin/routes/medical")).GetProperty("shadow");
            if (Count(shadow, "copied") + Count(shadow, "dropped") >= requests && Count(shadow, "compared") >= Count(shadow, "copied"))
            {
                return shadow;
            }
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30), shadow.ToString());
            await Task.Delay(50);
        }
    }

    private static int Count(JsonElement shadow, string field) => shadow.GetProperty(field).GetInt32();

    private static async Task<(string Id, string Text)> AskAsync(HttpClient client, int tokens)
    {
        using var content = new StringContent(
            DemoServer.Ask("medical", "Hello", "\"stream\":false,\"ignore_eos\":true,\"max_tokens\":" + tokens), Encoding.UTF8, "application/json");
        using var response = await client.PostAsync("/v1/chat/completions", content);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var json = await response.Content.ReadFromJsonAsync<JsonElement>();
        return (json.GetProperty("id").GetString()!, json.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!);
    }

    private static Task<JsonElement> GetAsync(HttpClient client, string path) => client.GetFromJsonAsync<JsonElement>(path);
}
