using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>A release in mid-step when the server is killed.</summary>
public sealed class ReleaseRestartTests
{
    [Fact]
    public async Task KilledInMidStep_NextStart_GoesOnAtTheSameStepAndWeight()
    {
        var data = Directory.CreateTempSubdirectory("patchbay-data-").FullName;
        try
        {
            string id, plan;
            await using (var first = await ServeAsync(data))
            {
                using var client = new HttpClient { BaseAddress = first.Address };
                var candidate = await UploadAsync(client);
                var body = $$"""{"alias":"medical","candidate":"{{candidate}}","steps":[{"weight":20},{"weight":60,"hold_seconds":3600},{"weight":100}],"reason":"kill"}""";
                using var content = new StringContent(body, Encoding.UTF8, "application/json");
                using var started = await client.PostAsync("/admin/releases", content);
                id = (await started.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
                while ((await GetAsync(client, "/admin/releases/" + id)).GetProperty("step").GetInt32() < 1)
                {
                    await Task.Delay(50);
                }
                plan = (await GetAsync(client, "/admin/routes/medical")).GetProperty("plan").GetRawText();
                // Disposing kills it: nothing is told to it before.
            }
            await using var second = await ServeAsync(data);
            using var later = new HttpClient { BaseAddress = second.Address };
            Assert.Equal(plan, (await GetAsync(later, "/admin/routes/medical")).GetProperty("plan").GetRawText());
            var release = await GetAsync(later, "/admin/releases/" + id);
            Assert.Equal(("running", 1, 60), (release.GetProperty("state").GetString(), release.GetProperty("step").GetInt32(), release.GetProperty("weight").GetInt32()));
            while (!(await GetAsync(later, "/admin/releases/" + id)).GetProperty("history").EnumerateArray().Any(happened => happened.GetProperty("event").GetString() == "restarted"))
            {
                await Task.Delay(50);
            }

            var (code, output, _) = await PatchbayProcess.RunAsync("", "release", "abort", id, "--reason", "enough \"quoted\"", "--url", second.Address.ToString());
            Assert.Equal(0, code);
            Assert.Contains("aborted", output, StringComparison.Ordinal);
            (code, output, _) = await PatchbayProcess.RunAsync("", "release", "history", id, "--url", second.Address.ToString());
            Assert.Equal(0, code);
            Assert.Contains("enough \"quoted\"", output, StringComparison.Ordinal);
            (code, _, _) = await PatchbayProcess.RunAsync("", "release", "promote", id, "--url", second.Address.ToString());
            Assert.Equal(3, code);
            Assert.Equal("fixed", (await GetAsync(later, "/admin/routes/medical")).GetProperty("plan").GetProperty("kind").GetString());
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task KilledInMidStep_NextStart_CountsTheStepAnew()
    {
        var data = Directory.CreateTempSubdirectory("patchbay-data-").FullName;
        try
        {
            string id;
            await using (var first = await ServeAsync(data))
            {
                using var client = new HttpClient { BaseAddress = first.Address };
                var candidate = await UploadAsync(client);
                using var started = await client.PostAsJsonAsync("/admin/releases", new
                {
                    alias = "medical",
                    candidate,
                    steps = new[] { new { weight = 50, min_requests = 6, hold_seconds = 0 }, new { weight = 100, min_requests = 0, hold_seconds = 3600 } },
                });
                id = (await started.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
                await AskUntilAsync(client, id, requests: 5);
            }
            await using var second = await ServeAsync(data);
            using var later = new HttpClient { BaseAddress = second.Address };
            while (!(await GetAsync(later, "/admin/releases/" + id)).GetProperty("history").EnumerateArray().Any(happened => happened.GetProperty("event").GetString() == "restarted"))
            {
                await Task.Delay(50);
            }
            // Nothing that was counted before is left: neither for the step nor for the statistics.
            var release = await GetAsync(later, "/admin/releases/" + id);
            Assert.All(release.GetProperty("arms").EnumerateArray(), arm => Assert.Equal(0, arm.GetProperty("requests").GetInt32()));
            Assert.All(release.GetProperty("comparisons").EnumerateArray(), comparison => Assert.Equal("too_few", comparison.GetProperty("verdict").GetString()));

            // Five before and five now are not the six that the step wants.
            await AskUntilAsync(later, id, requests: 5);
            await Task.Delay(TimeSpan.FromSeconds(2.5));
            Assert.Equal(0, (await GetAsync(later, "/admin/releases/" + id)).GetProperty("step").GetInt32());
            await AskUntilAsync(later, id, requests: 6);
            var began = TimeProvider.System.GetTimestamp();
            while ((await GetAsync(later, "/admin/releases/" + id)).GetProperty("step").GetInt32() == 0)
            {
                Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(20));
                await Task.Delay(50);
            }
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    // One after the other, so that not one more is counted than is wanted.
    private static async Task AskUntilAsync(HttpClient client, string id, int requests)
    {
        for (var asked = 0; ; asked++)
        {
            var canary = (await GetAsync(client, "/admin/releases/" + id)).GetProperty("arms")[1];
            if (canary.GetProperty("requests").GetInt32() >= requests)
            {
                return;
            }
            Assert.True(asked < 200);
            using var answer = await client.PostAsJsonAsync("/v1/chat/completions", new
            {
                model = "medical", user = $"user-{requests}-{asked}", max_tokens = 1, messages = new[] { new { role = "user", content = "hello" } },
            });
            answer.EnsureSuccessStatusCode();
        }
    }

    private static Task<PatchbayProcess> ServeAsync(string data) => PatchbayProcess.ServeAsync(
        "--model", Path.Combine(Repository.Demo, "base"), "--adapters", Path.Combine(Repository.Demo, "adapters"), "--data", data);

    private static async Task<string> UploadAsync(HttpClient client)
    {
        using var content = new MultipartFormDataContent();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Demo, "adapters", "medical-v2")))
        {
            content.Add(new ByteArrayContent(await File.ReadAllBytesAsync(file)), "file", Path.GetFileName(file));
        }
        using var response = await client.PutAsync("/admin/adapters/medical?release=false", content);
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("digest").GetString()!;
    }

    private static Task<JsonElement> GetAsync(HttpClient client, string path) => client.GetFromJsonAsync<JsonElement>(path);
}
