using System.Net;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

public sealed class SwitchSoakTests(DemoServer server, ITestOutputHelper output) : IClassFixture<DemoServer>
{
    private const int Clients = 64;
    private const int Switches = 1000;

    /// <summary>
    /// 64 clients stream while the default is switched 1,000 times, every tenth time after its files were replaced: each answer is
    /// the greedy answer of the version in its header.
    /// </summary>
    [Fact]
    public async Task SixtyFourStreams_ThousandSwitches_NoErrorAndNoMixedAnswer()
    {
        var questions = Golden.MedicalReleases.Take(3).Select(pair => pair.Question).ToArray();
        server.AddAdapter("medical", "changing");
        await LoadAsync();
        var oracle = await OracleAsync(questions);
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Clients).Select(client => StreamUntilAsync(client, questions, oracle, stop.Token)).ToArray();

        var totals = new List<double>();
        var random = new Random(20261124);
        string?[] targets = [null, "medical", "medical-v2", "medical-bad", "finance", "pirate", "changing"];
        for (var i = 0; i < Switches; i++)
        {
            if (i % 10 == 0)
            {
                server.AddAdapter(i % 20 == 0 ? "medical-v2" : "medical", "changing");
                await LoadAsync();
            }
            var target = targets[random.Next(targets.Length)];
            var switched = await server.PostJsonAsync("/switch-lora", $"{{\"adapter_name\":{JsonSerializer.Serialize(target)}}}");
            // Spread over the life of several answers, so that most of them see many switches.
            await Task.Delay(15);
            totals.Add(switched.GetProperty("timings_ms").GetProperty("total").GetDouble());
        }
        await stop.CancelAsync();
        var answers = (await Task.WhenAll(clients)).Sum();

        totals.Sort();
        output.WriteLine($"{answers} answers checked; switch p50 {totals[Switches / 2]:F4} ms, p99 {totals[Switches * 99 / 100]:F4} ms, max {totals[^1]:F4} ms");
        Assert.True(answers >= Clients);
        await server.WaitUntilIdleAsync(TimeSpan.FromSeconds(10));
    }

    private async Task<int> StreamUntilAsync(int client, string[] questions, Dictionary<(string, string), string> oracle, CancellationToken stop)
    {
        var count = 0;
        do
        {
            var question = questions[(client + count) % questions.Length];
            using var stream = await server.StreamAsync(null, question);
            var text = await stream.ReadAllAsync();
            Assert.True(stream.IsDone);
            Assert.Equal(oracle[(stream.HeaderOrEmpty("x-adapter-digest"), question)], text);
            count++;
        }
        while (!stop.IsCancellationRequested);
        return count;
    }

    // What each version answers alone, by digest; the base has none.
    private async Task<Dictionary<(string Digest, string Question), string>> OracleAsync(string[] questions)
    {
        var oracle = new Dictionary<(string, string), string>();
        foreach (var name in Golden.Adapters.Prepend("base"))
        {
            foreach (var question in questions)
            {
                var (answer, response) = await server.AskAsync(name, question);
                var digest = response.Headers.TryGetValues("x-adapter-digest", out var values) ? values.Single() : "";
                oracle[(digest, question)] = answer;
            }
        }
        foreach (var (question, first, second) in Golden.MedicalReleases.Take(questions.Length))
        {
            Assert.Contains(oracle, entry => entry.Key.Item2 == question && entry.Value == first);
            Assert.Contains(oracle, entry => entry.Key.Item2 == question && entry.Value == second);
        }
        return oracle;
    }

    private async Task LoadAsync()
    {
        using var response = await server.PostAsync(
            "/v1/load_lora_adapter", "{\"lora_name\":\"changing\",\"lora_path\":\"changing\",\"load_inplace\":true}");
        Assert.True(response.StatusCode == HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
    }
}
