using System.Net;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

public sealed class SwitchTests(DemoServer server) : IClassFixture<DemoServer>
{
    private static readonly (string Question, string First, string Second) Pair = Golden.MedicalReleases[0];

    private Task<JsonElement> SwitchAsync(string? name, HttpStatusCode expected = HttpStatusCode.OK) =>
        server.PostJsonAsync("/switch-lora", $"{{\"adapter_name\":{JsonSerializer.Serialize(name)}}}", expected);

    [Fact]
    public async Task RunningStream_EndsOnTheOldAdapterAndLaterRequestsUseTheNew()
    {
        await SwitchAsync("medical");
        using var running = await server.StreamAsync(null, Pair.Question);
        await running.ReadSomeAsync();

        var switched = await SwitchAsync("medical-v2");
        var (later, response) = await server.AskAsync("default", Pair.Question);

        Assert.Equal(Pair.Second, later);
        Assert.Equal("medical-v2", Assert.Single(response.Headers.GetValues("x-adapter")));
        Assert.Equal(switched.GetProperty("digest").GetString(), Assert.Single(response.Headers.GetValues("x-adapter-digest")));
        Assert.Equal(switched.GetProperty("generation").ToString(), Assert.Single(response.Headers.GetValues("x-adapter-generation")));
        Assert.Equal(Pair.First, await running.ReadAllAsync());
        Assert.Equal("medical", running.Header("x-adapter"));
        await server.WaitUntilIdleAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task ReplacedFiles_LeaveTheRunningStreamAlone()
    {
        server.AddAdapter("medical", "desk");
        await LoadAsync("desk", inplace: false);
        using var running = await server.StreamAsync("desk", Pair.Question);
        await running.ReadSomeAsync();

        server.AddAdapter("medical-v2", "desk");
        await LoadAsync("desk", inplace: true);

        var (later, response) = await server.AskAsync("desk", Pair.Question);
        Assert.Equal(Pair.Second, later);
        Assert.Equal("2", Assert.Single(response.Headers.GetValues("x-adapter-generation")));
        Assert.Equal(Pair.First, await running.ReadAllAsync());
        Assert.NotEqual(running.Header("x-adapter-digest"), Assert.Single(response.Headers.GetValues("x-adapter-digest")));
        await server.WaitUntilIdleAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Switch_AnswersWithBeforeAfterAndTimings()
    {
        await SwitchAsync(null);
        var toFinance = await SwitchAsync("finance");
        var toBase = await SwitchAsync(null);

        Assert.Equal("finance", toFinance.GetProperty("adapter_name").GetString());
        Assert.StartsWith("sha256:", toFinance.GetProperty("digest").GetString());
        Assert.Equal(JsonValueKind.Null, toFinance.GetProperty("previous").GetProperty("adapter_name").ValueKind);
        Assert.Equal(JsonValueKind.Null, toBase.GetProperty("adapter_name").ValueKind);
        Assert.Equal("finance", toBase.GetProperty("previous").GetProperty("adapter_name").GetString());
        Assert.Equal(toFinance.GetProperty("generation").GetInt64() + 1, toBase.GetProperty("generation").GetInt64());
        var timings = toFinance.GetProperty("timings_ms");
        Assert.Equal(["resolve", "load", "verify", "switch", "total"], timings.EnumerateObject().Select(step => step.Name));
        Assert.Equal(0, timings.GetProperty("load").GetDouble());
        Assert.True(timings.GetProperty("total").GetDouble() < 100);
        Assert.Equal("base", Assert.Single((await server.AskAsync(null, "Hello")).Response.Headers.GetValues("x-adapter")));
    }

    [Fact]
    public async Task AdapterThatAppearedLater_IsLoadedByTheSwitch()
    {
        server.AddAdapter("pirate", "late-pirate");
        var switched = await SwitchAsync("late-pirate");
        Assert.True(switched.GetProperty("timings_ms").GetProperty("load").GetDouble() > 0);
        var (question, answer) = Golden.Of("pirate")[1];
        Assert.Equal(answer, (await server.AskAsync(null, question)).Answer);
        await SwitchAsync(null);
    }

    [Fact]
    public async Task UnknownOrBrokenAdapter_ChangesNothing()
    {
        await SwitchAsync("medical");
        var unknown = (await SwitchAsync("nobody", HttpStatusCode.NotFound)).GetProperty("error");
        Assert.Equal("adapter_not_found", unknown.GetProperty("code").GetString());
        Assert.Contains("medical-v2", unknown.GetProperty("message").GetString());

        var broken = server.AddAdapter("medical", "broken");
        File.WriteAllBytes(Path.Combine(broken, "adapter_model.safetensors"), [1, 2, 3]);
        var refused = (await SwitchAsync("broken", HttpStatusCode.UnprocessableEntity)).GetProperty("error");
        Assert.Equal("adapter_refused", refused.GetProperty("code").GetString());
        Assert.DoesNotContain(server.Adapters, refused.GetProperty("message").GetString());
        Assert.Equal(Pair.First, (await server.AskAsync(null, Pair.Question)).Answer);
    }

    [Fact]
    public async Task ExpectedGeneration_IsComparedFirst()
    {
        var generation = (await SwitchAsync("medical")).GetProperty("generation").GetInt64();
        var conflict = await server.PostJsonAsync(
            "/switch-lora", $"{{\"adapter_name\":\"finance\",\"expected_generation\":{generation + 5}}}", HttpStatusCode.Conflict);
        Assert.Equal(generation, conflict.GetProperty("generation").GetInt64());
        Assert.Equal("generation_mismatch", conflict.GetProperty("error").GetProperty("code").GetString());
        var agreed = await server.PostJsonAsync("/switch-lora", $"{{\"adapter_name\":\"finance\",\"expected_generation\":{generation}}}");
        Assert.Equal(generation + 1, agreed.GetProperty("generation").GetInt64());
    }

    private async Task LoadAsync(string name, bool inplace)
    {
        using var response = await server.PostAsync(
            "/v1/load_lora_adapter", $"{{\"lora_name\":\"{name}\",\"lora_path\":\"{name}\",\"load_inplace\":{(inplace ? "true" : "false")}}}");
        Assert.Equal($"Success: LoRA adapter '{name}' added successfully.", await response.Content.ReadAsStringAsync());
    }
}
