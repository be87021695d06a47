using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Patchbay.Engine;
using Patchbay.Server.Hosting;

namespace Patchbay.Server.Tests.Hosting;

/// <summary>What a listener answers while it has no engine.</summary>
public sealed class ServerWithoutModelTests : IAsyncLifetime
{
    private readonly WebApplication _server = PatchbayServer.Build(
        new PatchbayServerOptions
        {
            Engine = new EngineOptions { ModelPath = Path.Combine(Path.GetTempPath(), "patchbay-no-such-model") },
            AllowedHosts = ["127.0.0.1"],
        },
        "http://127.0.0.1:0");

    private HttpClient _client = new();

    public async ValueTask InitializeAsync()
    {
        await _server.StartAsync();
        _client.Dispose();
        _client = new HttpClient { BaseAddress = new Uri(_server.Urls.First()) };
        await Assert.ThrowsAnyAsync<Exception>(() => _server.Services.GetRequiredService<PatchbayRuntime>().Started);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    private static async Task<JsonElement> ErrorOf(HttpResponseMessage response)
    {
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        var error = document.RootElement.GetProperty("error").Clone();
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(property => property.Name));
        return error;
    }

    [Fact]
    public async Task Health_IsAliveAndReadyIsNot()
    {
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync("/health")).StatusCode);
        var ready = await _client.GetAsync("/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal("{\"status\":\"failed\"}", await ready.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync("/")).StatusCode);
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/completions")]
    [InlineData("/switch-lora")]
    [InlineData("/v1/load_lora_adapter")]
    [InlineData("/v1/unload_lora_adapter")]
    public async Task EngineNotOpen_Post_Is503WithRetryAfter(string path)
    {
        using var body = new StringContent("{}", Encoding.UTF8, "application/json");
        var response = await _client.PostAsync(path, body);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 3);
        Assert.Equal("not_ready", (await ErrorOf(response)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task UnknownAddressAndWrongMethod_AreErrorObjects()
    {
        var unknown = await _client.GetAsync("/v1/nope");
        Assert.Equal((HttpStatusCode.NotFound, "unknown_url"), (unknown.StatusCode, (await ErrorOf(unknown)).GetProperty("code").GetString()));
        var wrong = await _client.GetAsync("/v1/chat/completions");
        Assert.Equal((HttpStatusCode.MethodNotAllowed, "method_not_allowed"), (wrong.StatusCode, (await ErrorOf(wrong)).GetProperty("code").GetString()));
        Assert.Equal("POST", string.Join(',', wrong.Content.Headers.Allow));
    }

    [Fact]
    public async Task RequestId_IsTakenOverOrMade()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.Add("x-request-id", "abc-123");
        Assert.Equal("abc-123", Assert.Single((await _client.SendAsync(request)).Headers.GetValues("x-request-id")));

        using var hostile = new HttpRequestMessage(HttpMethod.Get, "/health");
        hostile.Headers.TryAddWithoutValidation("x-request-id", "a b<script>");
        Assert.Matches("^[0-9a-f]{32}$", Assert.Single((await _client.SendAsync(hostile)).Headers.GetValues("x-request-id")));
    }

    [Fact]
    public async Task ForeignHostName_IsRefused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.Host = "attacker.example";
        var response = await _client.SendAsync(request);
        Assert.Equal(HttpStatusCode.MisdirectedRequest, response.StatusCode);
        Assert.Equal("host_not_allowed", (await ErrorOf(response)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task GiantHeader_IsRefusedAndTheServerGoesOn()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.Add("x-big", new string('a', 64 * 1024));
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, (await _client.SendAsync(request)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync("/health")).StatusCode);
    }
}
