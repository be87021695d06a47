using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>Plans are changed while 64 callers ask: arm, version and text of every answer are of one plan.</summary>
public sealed class PlanUnderLoadTests(DemoServer server) : IClassFixture<DemoServer>
{
    private const int Clients = 64;
    private const int Changes = 120;
    private const string Question = "How do fractions work?";

    private readonly ConcurrentDictionary<string, (string Digest, string Arm)> _got = new();
    private int _asked;
    private int _applied;

    [Fact]
    public async Task SixtyFourCallers_PlanChangesAllTheTime_ArmDigestAndTextAgree()
    {
        var texts = new Dictionary<string, string>();
        foreach (var name in new[] { "education", "finance", "pirate" })
        {
            using var response = await AskAsync(name, "nobody");
            texts[Header(response, "x-adapter-digest")] = await TextAsync(response);
        }
        Assert.Equal(3, texts.Values.Distinct().Count());
        var digests = texts.Keys.ToArray();
        await PutAsync(0, digests, new Random(7), expected: null);

        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Clients).Select(client => AskUntilAsync(client, digests, texts, stop.Token)).ToArray();
        var random = new Random(20261124);
        long generation = 0;
        for (var change = 1; change <= Changes; change++)
        {
            Volatile.Write(ref _asked, change);
            generation = await PutAsync(change, digests, random, expected: change == 1 ? null : generation);
            Volatile.Write(ref _applied, change);
            await Task.Delay(20);
        }
        await stop.CancelAsync();
        Assert.True((await Task.WhenAll(clients)).Sum() > Clients * 2);

        var kept = await server.AuditedAsync("education", [.. _got.Keys]);
        Assert.All(_got, got => Assert.Equal(got.Value, (kept[got.Key].GetProperty("digest").GetString(), kept[got.Key].GetProperty("arm").GetString())));
        Assert.True(_got.Values.Select(got => got.Arm).Distinct().Count() > Changes / 4);
    }

    // Arm "b17" is of the seventeenth plan and its second version.
    private async Task<int> AskUntilAsync(int client, string[] digests, Dictionary<string, string> texts, CancellationToken stop)
    {
        for (var count = 0; ; count++)
        {
            if (stop.IsCancellationRequested)
            {
                return count;
            }
            var oldest = Volatile.Read(ref _applied);
            using var response = await AskAsync("education", $"user-{client}-{count % 8}");
            var newest = Volatile.Read(ref _asked);
            var (arm, digest) = (Header(response, "x-adapter-arm"), Header(response, "x-adapter-digest"));
            Assert.Equal(digests[arm[0] - 'a'], digest);
            Assert.InRange(int.Parse(arm[1..], CultureInfo.InvariantCulture), oldest, newest);
            Assert.Equal(texts[digest], await TextAsync(response));
            Assert.True(_got.TryAdd("chatcmpl-" + Header(response, "x-request-id"), (digest, arm)));
        }
    }

    private async Task<long> PutAsync(int number, string[] digests, Random random, long? expected)
    {
        double first = random.Next(0, 101), second = random.Next(0, (int)(101 - first));
        var split = new
        {
            kind = "weighted",
            arms = digests.Zip([first, second, 100 - first - second], (digest, weight) => new { name = $"{(char)('a' + Array.IndexOf(digests, digest))}{number}", digest, weight }),
            sticky = number % 3 == 0 ? "none" : "user",
        };
        object plan = number % 2 == 0 ? split : new
        {
            kind = "rules",
            rules = new[] { new { match = new { user = "user-1-1" }, plan = new { kind = "weighted", arms = new[] { new { name = $"c{number}", digest = digests[2], weight = 100 } } } } },
            otherwise = split,
        };
        using var response = await server.Client.PutAsJsonAsync("/admin/routes/education", new { plan, expected_generation = expected });
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        using var json = JsonDocument.Parse(text);
        return json.RootElement.GetProperty("generation").GetInt64();
    }

    private async Task<HttpResponseMessage> AskAsync(string model, string user)
    {
        var response = await server.PostAsync("/v1/chat/completions", DemoServer.Ask(model, Question, $"\"user\":\"{user}\",\"max_tokens\":8"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response;
    }

    private static async Task<string> TextAsync(HttpResponseMessage response)
    {
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return json.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
    }

    private static string Header(HttpResponseMessage response, string name) => response.Headers.GetValues(name).Single();
}
