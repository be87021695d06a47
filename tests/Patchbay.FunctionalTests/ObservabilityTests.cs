using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>What an operator sees of the real program.</summary>
public sealed class ObservabilityTests
{
    private static readonly object Question = new { model = "medical", messages = new[] { new { role = "user", content = "fever" } }, max_tokens = 4 };

    [Fact]
    public async Task AnAnswer_IsCountedLoggedAndDrawn()
    {
        await using var server = await PatchbayProcess.ServeAsync();
        using var client = new HttpClient { BaseAddress = server.Address };
        using var answer = await client.PostAsJsonAsync("/v1/chat/completions", Question, TestContext.Current.CancellationToken);
        var id = (await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("id").GetString();
        using var refused = await client.PostAsJsonAsync("/v1/chat/completions", new { model = "no-such" , messages = Array.Empty<int>() }, TestContext.Current.CancellationToken);
        Assert.False(refused.IsSuccessStatusCode);

        // An answer is counted when it has ended, and a client has its last byte a little earlier.
        var digest = answer.Headers.GetValues("x-adapter-digest").Single();
        var counted = $"patchbay_requests_total{{adapter=\"medical\",digest=\"{digest}\",arm=\"\",outcome=\"done\"}} 1\n";
        var metrics = "";
        await WaitForAsync(async () =>
        {
            metrics = await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
            return metrics.Contains(counted, StringComparison.Ordinal);
        });
        Assert.Contains("vllm:num_requests_running 0\n", metrics, StringComparison.Ordinal);
        Assert.Contains("vllm:lora_requests_info{max_lora=", metrics, StringComparison.Ordinal);
        Assert.Contains("patchbay_refusals_total{reason=", metrics, StringComparison.Ordinal);

        var traffic = await client.GetFromJsonAsync<JsonElement>("/admin/traffic", TestContext.Current.CancellationToken);
        Assert.Equal(120, traffic.GetProperty("series").GetArrayLength());
        Assert.True(traffic.GetProperty("latency").GetProperty("ttft_ms").GetProperty("p50").GetDouble() > 0);
        Assert.True(traffic.GetProperty("memory").GetProperty("weights_bytes").GetInt64() > 0);
        var session = await client.GetFromJsonAsync<JsonElement>("/admin/session", TestContext.Current.CancellationToken);
        Assert.Equal("native", session.GetProperty("base").GetProperty("weights").GetString());
        Assert.True(session.GetProperty("features").GetProperty("feedback").GetBoolean());
        Assert.False(session.GetProperty("features").GetProperty("prompts_kept").GetBoolean());

        await WaitForAsync(() => server.Output.Contains(id!, StringComparison.Ordinal));
        Assert.DoesNotContain("fever", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OtlpReceiverNamed_SpansAndMetricsArriveUnderTheCallersTrace()
    {
        using var receiver = new HttpListener();
        var port = FreePort();
        receiver.Prefixes.Add($"http://127.0.0.1:{port}/");
        receiver.Start();
        var received = ReceiveAsync(receiver);
        await using var server = await PatchbayProcess.ServeAsync(
            new Dictionary<string, string?>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{port}",
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "300",
                ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
            });
        using var client = new HttpClient { BaseAddress = server.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(Question) };
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        var bodies = await received.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.True(Holds(bodies["/v1/traces"], Convert.FromHexString("0af7651916cd43dd8448eb211c80319c")));
        Assert.True(Holds(bodies["/v1/traces"], "gen_ai.usage.output_tokens"u8));
        Assert.True(Holds(bodies["/v1/metrics"], "gen_ai.server.time_to_first_token"u8));
        Assert.All(bodies.Values, body => Assert.False(Holds(body, "fever"u8)));
    }

    // Takes in what is sent until the span and the metric of the answer are there: each may come in a body of its own, and metrics of an
    // earlier time do not have those of the answer.
    private static async Task<Dictionary<string, byte[]>> ReceiveAsync(HttpListener receiver)
    {
        var bodies = new Dictionary<string, byte[]>();
        while (!bodies.TryGetValue("/v1/traces", out var traces) || !Holds(traces, "gen_ai.usage.output_tokens"u8)
            || !bodies.TryGetValue("/v1/metrics", out var metrics) || !Holds(metrics, "gen_ai.server.time_to_first_token"u8))
        {
            var context = await receiver.GetContextAsync();
            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            var path = context.Request.Url!.AbsolutePath;
            bodies[path] = [.. bodies.GetValueOrDefault(path) ?? [], .. body.ToArray()];
            context.Response.StatusCode = 200;
            context.Response.Close();
        }
        return bodies;
    }

    private static bool Holds(byte[] body, ReadOnlySpan<byte> part) => body.AsSpan().IndexOf(part) >= 0;

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static Task WaitForAsync(Func<bool> condition) => WaitForAsync(() => Task.FromResult(condition()));

    private static async Task WaitForAsync(Func<Task<bool>> condition)
    {
        for (var i = 0; i < 100; i++)
        {
            if (await condition())
            {
                return;
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        Assert.Fail("What the test waits for did not come within 5 s.");
    }
}
