using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>A server with keys, made and named as an operator does it.</summary>
public sealed class KeyTests
{
    [Fact]
    public async Task ServerWithKeys_OpensEachDoorToItsRole()
    {
        var file = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        try
        {
            var admin = await CreateAsync(file, "alice", "admin");
            var app = await CreateAsync(file, "app", "inference");
            await using var server = await PatchbayProcess.ServeAsync("--keys", file);
            using var client = new HttpClient { BaseAddress = server.Address };

            Assert.Equal(HttpStatusCode.OK, await AskAsync(client, null, HttpMethod.Get, "/health"));
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(client, null, HttpMethod.Get, "/v1/models"));
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(client, null, HttpMethod.Get, "/no-such-address"));
            Assert.Equal(HttpStatusCode.OK, await AskAsync(client, app, HttpMethod.Get, "/v1/models"));
            Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(client, app, HttpMethod.Post, "/switch-lora", new { adapter_name = "medical" }));
            Assert.Equal(HttpStatusCode.OK, await AskAsync(client, admin, HttpMethod.Post, "/switch-lora", new { adapter_name = "medical" }));
            Assert.DoesNotContain(admin, server.Output, StringComparison.Ordinal);

            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", app);
            var session = await client.GetFromJsonAsync<JsonElement>("/admin/session", TestContext.Current.CancellationToken);
            Assert.Equal(("app", "inference"), (session.GetProperty("actor").GetString(), session.GetProperty("role").GetString()));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<string> CreateAsync(string file, string name, string role)
    {
        var (code, output, _) = await PatchbayProcess.RunAsync("", "key", "create", "--keys", file, "--name", name, "--role", role);
        Assert.Equal(0, code);
        return output.Trim();
    }

    private static async Task<HttpStatusCode> AskAsync(HttpClient client, string? key, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
