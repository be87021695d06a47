using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Patchbay.FunctionalTests;

/// <summary>The dashboard, alerts and configuration of <c>deploy/</c> in a real Prometheus that scrapes the real program.</summary>
public sealed partial class DeployTests
{
    // Series that only exist once a release, a judge, a full queue, lack of memory or a broken adapter has made them.
    private static readonly string[] AfterAnEvent =
    [
        "patchbay_release_state", "patchbay_release_weight", "patchbay_judge_score", "tier=\"failed\"", "reason=\"queue_full\"", "reason=~\"no_room|adapters_busy\"",
    ];

    private static readonly string Deploy = Path.Combine(Repository.Root, "deploy");

    [Fact]
    public async Task DashboardAndAlerts_InAPrometheusThatScrapes_FindTheirSeries()
    {
        Assert.SkipWhen(PrometheusServer.Problem is not null, PrometheusServer.Problem ?? "");
        var keys = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        try
        {
            var admin = await CreateKeyAsync(keys, "alice", "admin");
            var viewer = await CreateKeyAsync(keys, "prometheus", "viewer");
            await using var server = await PatchbayProcess.ServeAsync("--keys", keys);
            using var client = new HttpClient { BaseAddress = server.Address };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", admin);
            await MakeTrafficAsync(client);
            var metrics = await client.GetStringAsync("/metrics");
            await CheckTextAsync(metrics);

            await using var prometheus = await PrometheusServer.StartAsync(server.Address, viewer);
            await prometheus.WaitForAsync("up{job=\"patchbay\"} == 1");
            await prometheus.WaitForAsync("rate(patchbay_steps_total[10s])");
            var rules = await prometheus.RulesAsync();
            var queries = ReadDashboard();
            var families = Family().Matches(metrics).Select(match => match.Groups[1].Value).ToHashSet();
            Assert.True(rules.Count >= 10 && queries.Count >= 40);
            foreach (var query in queries.Concat(rules.Select(rule => rule.Query)))
            {
                await CheckAsync(prometheus, query, families);
            }
            var evaluated = await prometheus.RulesAsync();
            while (evaluated.Any(rule => rule.Health == "unknown"))
            {
                await Task.Delay(100);
                evaluated = await prometheus.RulesAsync();
            }
            Assert.All(evaluated, rule => Assert.True(rule is { Health: "ok", State: "inactive" }, $"{rule}"));
        }
        finally
        {
            File.Delete(keys);
        }
    }

    [Fact]
    public async Task AlertFile_Promtool_TakesIt()
    {
        Assert.SkipWhen(PrometheusServer.Problem is not null, PrometheusServer.Problem ?? "");
        var (code, output) = await PrometheusServer.CheckAsync("", "check", "rules", Path.Combine(Deploy, "prometheus", "alerts.yml"));
        Assert.True(code == 0, output);
    }

    [Fact]
    public void Dashboard_Panels_HaveIdsOfTheirOwn()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Deploy, "grafana", "patchbay.json")));
        var ids = dashboard.RootElement.GetProperty("panels").EnumerateArray().Select(panel => panel.GetProperty("id").GetInt32()).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    // One answer of an adapter that is rated, one of the base, and one request that is refused.
    private static async Task MakeTrafficAsync(HttpClient client)
    {
        using var answer = await client.PostAsJsonAsync("/v1/chat/completions", Ask("medical"));
        using var ofBase = await client.PostAsJsonAsync("/v1/chat/completions", Ask("base"));
        using var refused = await client.PostAsJsonAsync("/v1/chat/completions", Ask("no-such"));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.NotFound), (answer.StatusCode, ofBase.StatusCode, refused.StatusCode));
        var id = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString();
        using var rated = await client.PostAsJsonAsync("/v1/feedback", new { id, score = 0.5 });
        Assert.Equal(HttpStatusCode.Accepted, rated.StatusCode);
    }

    // promtool ends with 3 where it only dislikes names; those with a colon are vLLM's, and gateways ask for them.
    private static async Task CheckTextAsync(string metrics)
    {
        var (code, output) = await PrometheusServer.CheckAsync(metrics, "check", "metrics");
        Assert.True(code is 0 or 3, output);
        Assert.All(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.StartsWith("vllm:", line, StringComparison.Ordinal));
    }

    private static async Task CheckAsync(PrometheusServer prometheus, string query, HashSet<string> families)
    {
        if (!query.StartsWith("label_values(", StringComparison.Ordinal))
        {
            await prometheus.CountAsync(query);
        }
        var selectors = Selector().Matches(query).Select(match => match.Value).ToList();
        Assert.True(selectors.Count > 0, $"{query} names no metric of the server.");
        foreach (var selector in selectors)
        {
            var name = selector.Split('{')[0];
            Assert.True(name == "up" || families.Contains(Suffix().Replace(name, "")), $"{query}: /metrics has no {name}.");
            Assert.True(
                await prometheus.CountAsync(selector) > 0 || AfterAnEvent.Any(part => selector.Contains(part, StringComparison.Ordinal)),
                $"{query}: nothing is {selector}.");
        }
    }

    private static List<string> ReadDashboard()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Deploy, "grafana", "patchbay.json")));
        var root = dashboard.RootElement;
        var shown = root.GetProperty("panels").EnumerateArray()
            .SelectMany(panel => panel.TryGetProperty("targets", out var targets) ? targets.EnumerateArray().ToArray() : [])
            .Select(target => target.GetProperty("expr").GetString()!);
        var chosen = root.GetProperty("templating").GetProperty("list").EnumerateArray()
            .Where(variable => variable.GetProperty("type").GetString() == "query")
            .Select(variable => variable.GetProperty("definition").GetString()!);
        var queries = shown.Concat(chosen).Select(Substitute).ToList();
        Assert.All(queries, query => Assert.DoesNotContain("$", query, StringComparison.Ordinal));
        return queries;
    }

    private static string Substitute(string query) => query
        .Replace("$__rate_interval", "10s", StringComparison.Ordinal)
        .Replace("$job", "patchbay", StringComparison.Ordinal)
        .Replace("$instance", ".*", StringComparison.Ordinal)
        .Replace("$adapter", ".*", StringComparison.Ordinal);

    private static object Ask(string model) => new { model, messages = new[] { new { role = "user", content = "fever" } }, max_tokens = 4 };

    private static async Task<string> CreateKeyAsync(string file, string name, string role)
    {
        var (code, output, error) = await PatchbayProcess.RunAsync("", "key", "create", "--keys", file, "--name", name, "--role", role);
        Assert.True(code == 0, error);
        return output.Trim();
    }

    [GeneratedRegex(@"^# TYPE (\S+) ", RegexOptions.Multiline)]
    private static partial Regex Family();

    [GeneratedRegex(@"\b(?:patchbay_\w+|vllm:\w+|up(?=\{))(?:\{[^}]*\})?")]
    private static partial Regex Selector();

    [GeneratedRegex(@"_(bucket|sum|count)$")]
    private static partial Regex Suffix();
}
