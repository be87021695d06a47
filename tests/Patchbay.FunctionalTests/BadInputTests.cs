using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>Each wrong request gets OpenAI's error object with the right status, and costs nobody else anything.</summary>
public sealed class BadInputTests(DemoServer server) : IClassFixture<DemoServer>
{
    private const string Hello = "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]";

    private async Task<JsonElement> RefusedAsync(string path, byte[] body, int status, string type = "application/json")
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        using var response = await server.Client.PostAsync(path, content);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode} {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Single(response.Headers.GetValues("x-request-id"));
        using var document = JsonDocument.Parse(text);
        var error = document.RootElement.GetProperty("error").Clone();
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(field => field.Name));
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.EndsWith(".", error.GetProperty("message").GetString());
        return error;
    }

    private async Task<JsonElement> RefusedAsync(string json, int status = 400, string path = "/v1/chat/completions") =>
        await RefusedAsync(path, Encoding.UTF8.GetBytes(json), status);

    [Theory]
    [InlineData("{\"model\":\"x\", ", "line 1, byte 15")]
    [InlineData("not json", "not valid JSON")]
    [InlineData("", "no body")]
    [InlineData("[]", "an array")]
    [InlineData("{\"messages\":[]}", "at least one message")]
    [InlineData("{\"messages\":\"hi\"}", "an array")]
    [InlineData("{}", "'messages' is missing")]
    [InlineData("{" + Hello + ",\"temperature\":\"hot\"}", "'temperature'")]
    [InlineData("{" + Hello + ",\"max_tokens\":0}", "'max_tokens' must be 1 or more")]
    [InlineData("{" + Hello + ",\"max_tokens\":-1}", "'max_tokens'")]
    [InlineData("{" + Hello + ",\"n\":129}", "from 1 to 128")]
    [InlineData("{" + Hello + ",\"n\":2147483648}", "from 1 to 128")]
    [InlineData("{" + Hello + ",\"response_format\":{\"type\":\"json_object\"}}", "'response_format'")]
    [InlineData("{" + Hello + ",\"logit_bias\":{\"999999\":1}}", "'999999'")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"\\ud800\"}]}", "surrogate")]
    public async Task WrongBody_Is400WithASentenceThatHelps(string body, string part) =>
        Assert.Contains(part, (await RefusedAsync(body)).GetProperty("message").GetString());

    [Fact]
    public async Task InvalidUtf8_Is400() =>
        Assert.Contains("UTF-8", (await RefusedAsync("/v1/chat/completions", [.. "{\"messages\":\""u8, 0xff, .. "\"}"u8], 400)).GetProperty("message").GetString());

    [Fact]
    public async Task DeepJson_Is400() => Assert.Contains(
        "depth", (await RefusedAsync("{\"messages\":" + new string('[', 100_000) + new string(']', 100_000) + "}")).GetProperty("message").GetString());

    [Fact]
    public async Task TenMegabytes_Are413() => Assert.Equal(
        "request_too_large", (await RefusedAsync("{\"messages\":\"" + new string('a', 10_000_000) + "\"}", 413)).GetProperty("code").GetString());

    [Fact]
    public async Task PromptLongerThanTheContext_Is400()
    {
        var words = JsonSerializer.Serialize(string.Join(' ', Enumerable.Range(0, 3000)));
        foreach (var stream in new[] { "false", "true" })
        {
            var error = await RefusedAsync($"{{\"stream\":{stream},\"messages\":[{{\"role\":\"user\",\"content\":{words}}}]}}");
            Assert.Equal(("context_length_exceeded", "messages"), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        }
    }

    [Fact]
    public async Task WrongMediaType_Is415() => await RefusedAsync("/v1/chat/completions", Encoding.UTF8.GetBytes($"{{{Hello}}}"), 415, "text/plain");

    [Fact]
    public async Task EmptyPrompt_Is400() => await RefusedAsync("{\"prompt\":\"\"}", 400, "/v1/completions");

    [Fact]
    public async Task WrongAddressAndMethod_Are404And405()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.GetAsync("/v1/unknown")).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await server.Client.GetAsync("/v1/completions")).StatusCode);
    }

    [Theory]
    [InlineData("temperature", "0", "0.5", "2")]
    [InlineData("top_p", "0", "0.5", "1")]
    [InlineData("top_k", "-1", "0", "1", "2147483647")]
    [InlineData("min_p", "0", "0.5", "1")]
    [InlineData("presence_penalty", "-2", "2")]
    [InlineData("frequency_penalty", "-2", "2")]
    [InlineData("repetition_penalty", "0.01", "1", "100")]
    [InlineData("logit_bias", "{}", "{\"5\":-100,\"6\":100}")]
    [InlineData("seed", "-9223372036854775808", "9223372036854775807")]
    [InlineData("top_logprobs", "0", "20")]
    public async Task ValuesAtTheirLimits_AreAnswered(string field, params string[] values)
    {
        foreach (var value in values)
        {
            var body = $"{{{Hello},\"max_tokens\":3,\"logprobs\":true,\"{field}\":{value}}}";
            await server.PostJsonAsync("/v1/chat/completions", body);
        }
    }

    [Fact]
    public async Task Others_AreAnsweredMeanwhile()
    {
        using var stop = new CancellationTokenSource();
        var attack = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await RefusedAsync("{\"messages\":");
                await RefusedAsync($"{{{Hello},\"n\":0}}");
                await RefusedAsync("{\"messages\":\"" + new string('a', 5_000_000) + "\"}", 413);
                await RefusedAsync("{\"messages\":" + new string('[', 10_000));
            }
        });
        foreach (var (question, answer) in Golden.Of("education").Take(5))
        {
            using var stream = await server.StreamAsync("education", question);
            Assert.Equal(answer, await stream.ReadAllAsync());
        }
        await stop.CancelAsync();
        await attack;
        await server.WaitUntilIdleAsync(TimeSpan.FromSeconds(5));
    }
}
