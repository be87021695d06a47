using System.Net;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>vLLM's adapter endpoints, with the words that vLLM 0.32.0 was recorded to use.</summary>
public sealed class LoraEndpointsTests(DemoServer server) : IClassFixture<DemoServer>
{
    private async Task<(HttpStatusCode Status, string Text)> PostAsync(string path, string json)
    {
        using var response = await server.PostAsync(path, json);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task<JsonElement> RefusedAsync(string path, string json, int status)
    {
        var (code, text) = await PostAsync(path, json);
        Assert.Equal(status, (int)code);
        Assert.DoesNotContain(server.Adapters, text);
        using var document = JsonDocument.Parse(text);
        var error = document.RootElement.GetProperty("error").Clone();
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(field => field.Name));
        Assert.Equal(status, error.GetProperty("code").GetInt32());
        return error;
    }

    [Fact]
    public async Task LoadAndUnload_SayWhatVllmSays()
    {
        server.AddAdapter("medical", "extra");
        using (var response = await server.PostAsync("/v1/load_lora_adapter", "{\"lora_name\":\"sql\",\"lora_path\":\"extra\"}"))
        {
            Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
            Assert.Equal("Success: LoRA adapter 'sql' added successfully.", await response.Content.ReadAsStringAsync());
        }
        Assert.Equal(
            (HttpStatusCode.BadRequest, "{\"error\":{\"message\":\"The lora adapter 'sql' has already been loaded. If you want to load the adapter in place, set 'load_inplace' to True.\",\"type\":\"InvalidUserInput\",\"param\":null,\"code\":400}}"),
            await PostAsync("/v1/load_lora_adapter", "{\"lora_name\":\"sql\",\"lora_path\":\"extra\"}"));
        Assert.Equal(
            (HttpStatusCode.OK, "Success: LoRA adapter 'sql' added successfully."),
            await PostAsync("/v1/load_lora_adapter", $"{{\"lora_name\":\"sql\",\"lora_path\":{JsonSerializer.Serialize(Path.Combine(server.Adapters, "extra"))},\"load_inplace\":true}}"));
        var (question, answer) = Golden.Of("medical")[2];
        Assert.Equal(answer, (await server.AskAsync("sql", question)).Answer);
        Assert.Equal((HttpStatusCode.OK, "Success: LoRA adapter 'sql' removed successfully."), await PostAsync("/v1/unload_lora_adapter", "{\"lora_name\":\"sql\",\"lora_int_id\":77}"));
        Assert.Equal(
            (HttpStatusCode.NotFound, "{\"error\":{\"message\":\"The lora adapter 'sql' cannot be found.\",\"type\":\"NotFoundError\",\"param\":null,\"code\":404}}"),
            await PostAsync("/v1/unload_lora_adapter", "{\"lora_name\":\"sql\"}"));
        Assert.Equal(answer, (await server.AskAsync("medical", question)).Answer);
    }

    [Theory]
    [InlineData("{\"lora_name\":\"\",\"lora_path\":\"extra\"}", "Both 'lora_name' and 'lora_path' must be provided.")]
    [InlineData("{\"lora_name\":\"x\",\"lora_path\":\"\"}", "Both 'lora_name' and 'lora_path' must be provided.")]
    [InlineData("{\"lora_name\":\"base\",\"lora_path\":\"extra\"}", "The lora adapter 'base' conflicts with a served base model.")]
    public async Task WrongInput_Is400AsInVllm(string body, string message)
    {
        var error = await RefusedAsync("/v1/load_lora_adapter", body, 400);
        Assert.Equal((message, "InvalidUserInput"), (error.GetProperty("message").GetString(), error.GetProperty("type").GetString()));
    }

    [Theory]
    [InlineData("some-org/some-adapter", "Loading lora x failed: No adapter found for some-org/some-adapter")]
    public async Task MissingDirectory_Is404AsInVllm(string path, string message)
    {
        var error = await RefusedAsync("/v1/load_lora_adapter", $"{{\"lora_name\":\"x\",\"lora_path\":\"{path}\"}}", 404);
        Assert.Equal((message, "NotFoundError"), (error.GetProperty("message").GetString(), error.GetProperty("type").GetString()));
    }

    [Theory]
    [InlineData("../x", "medical")]
    [InlineData("a/b", "medical")]
    [InlineData("a:b", "medical")]
    [InlineData("mеdical", "medical")]
    [InlineData("x", "..")]
    [InlineData("x", "../../../../etc")]
    [InlineData("x", "/etc")]
    [InlineData("x", "/proc/self/root")]
    public async Task HostileNamesAndPaths_Are400(string name, string path)
    {
        var error = await RefusedAsync(
            "/v1/load_lora_adapter", $"{{\"lora_name\":{JsonSerializer.Serialize(name)},\"lora_path\":{JsonSerializer.Serialize(path)}}}", 400);
        Assert.Equal("InvalidUserInput", error.GetProperty("type").GetString());
    }

    [Fact]
    public async Task LinkOutOfTheDirectory_Is400()
    {
        Directory.CreateSymbolicLink(Path.Combine(server.Adapters, "link"), Path.Combine(Repository.Demo, "adapters", "medical"));
        await RefusedAsync("/v1/load_lora_adapter", "{\"lora_name\":\"x\",\"lora_path\":\"link\"}", 400);
    }

    [Fact]
    public async Task BrokenReplacement_LeavesTheOldVersionServing()
    {
        var path = server.AddAdapter("medical", "fragile");
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("/v1/load_lora_adapter", "{\"lora_name\":\"fragile\",\"lora_path\":\"fragile\"}")).Status);
        File.WriteAllText(Path.Combine(path, "adapter_config.json"), "{\"peft_type\":\"LORA\",\"r\":8,\"use_qalora\":true}");
        var error = await RefusedAsync("/v1/load_lora_adapter", "{\"lora_name\":\"fragile\",\"lora_path\":\"fragile\",\"load_inplace\":true}", 500);
        Assert.Equal("InternalServerError", error.GetProperty("type").GetString());
        var (question, answer) = Golden.Of("medical")[3];
        Assert.Equal(answer, (await server.AskAsync("fragile", question)).Answer);
    }

    [Fact]
    public async Task AdapterThatAnswersTheDefault_CannotBeUnloaded()
    {
        await server.PostJsonAsync("/switch-lora", "{\"adapter_name\":\"education\"}");
        await RefusedAsync("/v1/unload_lora_adapter", "{\"lora_name\":\"education\"}", 409);
        await server.PostJsonAsync("/switch-lora", "{\"adapter_name\":null}");
    }

    [Fact]
    public async Task ConcurrentLoadsAndUnloads_NeverBreakAnAnswer()
    {
        for (var i = 0; i < 4; i++)
        {
            server.AddAdapter(i % 2 == 0 ? "medical" : "medical-v2", $"churn-{i}");
        }
        var (question, first, second) = Golden.MedicalReleases[0];
        var churn = Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 30; i++)
            {
                var name = $"churn-{(worker + i) % 4}";
                var (loaded, loadText) = await PostAsync(
                    "/v1/load_lora_adapter", $"{{\"lora_name\":\"{name}\",\"lora_path\":\"{name}\",\"load_inplace\":{(i % 2 == 0 ? "true" : "false")}}}");
                Assert.True(loaded is HttpStatusCode.OK or HttpStatusCode.BadRequest, loadText);
                var (unloaded, unloadText) = await PostAsync("/v1/unload_lora_adapter", $"{{\"lora_name\":\"{name}\"}}");
                Assert.True(unloaded is HttpStatusCode.OK or HttpStatusCode.NotFound, unloadText);
            }
        }));
        var answers = Enumerable.Range(0, 8).Select(client => Task.Run(async () =>
        {
            for (var i = 0; i < 12; i++)
            {
                var number = (client + i) % 4;
                using var response = await server.PostAsync("/v1/chat/completions", DemoServer.Ask($"churn-{number}", question));
                if (response.StatusCode == HttpStatusCode.NotFound)
                {
                    continue;
                }
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
                Assert.Equal(
                    number % 2 == 0 ? first : second, document.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
            }
        }));
        await Task.WhenAll(churn.Concat(answers));
        Assert.Equal(first, (await server.AskAsync("medical", question)).Answer);
        await server.WaitUntilIdleAsync(TimeSpan.FromSeconds(10));
    }
}
