using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>Rules by tenant: a key is made for a tenant, and its requests get that tenant's plan.</summary>
public sealed class TenantTests
{
    [Fact]
    public async Task KeysOfTwoTenants_ARuleByTenant_GivesEachItsVersion()
    {
        var file = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        try
        {
            var admin = await CreateAsync(file, "alice", "admin", null);
            var acme = await CreateAsync(file, "acme-app", "inference", "Acme GmbH");
            var other = await CreateAsync(file, "other-app", "inference", "Other");
            var none = await CreateAsync(file, "free-app", "inference", null);
            var (_, listed, _) = await PatchbayProcess.RunAsync("", "key", "list", "--keys", file);
            Assert.Contains("acme-app  (tenant Acme GmbH)", listed, StringComparison.Ordinal);
            Assert.DoesNotContain("free-app  (", listed, StringComparison.Ordinal);

            await using var server = await PatchbayProcess.ServeAsync("--keys", file);
            using var client = new HttpClient { BaseAddress = server.Address };
            var digest = (await SendAsync(client, admin, HttpMethod.Get, "/admin/adapters/finance", null)).Json.GetProperty("digest").GetString();
            var plan = new
            {
                kind = "rules",
                rules = new[] { new { match = new { tenant = "Acme GmbH" }, plan = new { kind = "weighted", arms = new[] { new { name = "acme", digest, weight = 100 } } } } },
                otherwise = new { kind = "fixed", digest = "current" },
            };
            await SendAsync(client, admin, HttpMethod.Put, "/admin/routes/medical", new { plan });

            Assert.Equal(("acme", digest), await AskAsync(client, acme));
            Assert.NotEqual(digest, (await AskAsync(client, other)).Digest);
            Assert.NotEqual(digest, (await AskAsync(client, none)).Digest);
            // Whom a key is for, only the server says: no header makes another tenant of it.
            client.DefaultRequestHeaders.Add("x-tenant", "Acme GmbH");
            Assert.NotEqual(digest, (await AskAsync(client, other)).Digest);

            Assert.Equal("acme", await ExplainAsync(client, admin, new { model = "medical", tenant = "Acme GmbH" }));
            Assert.Equal("acme", await ExplainAsync(client, admin, new { model = "medical", key = "acme-app" }));
            Assert.Null(await ExplainAsync(client, admin, new { model = "medical", key = "other-app" }));
            Assert.Null(await ExplainAsync(client, admin, new { model = "medical", tenant = "acme gmbh" }));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(" acme")]
    [InlineData("ac\tme")]
    public async Task ABadTenant_KeyCreate_RefusesItAndWritesNothing(string tenant)
    {
        var file = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        var (code, _, error) = await PatchbayProcess.RunAsync("", "key", "create", "--keys", file, "--name", "a", "--role", "viewer", "--tenant", tenant);
        Assert.Equal(2, code);
        Assert.Contains("A tenant has 1 to 128 characters", error, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
    }

    private static async Task<(string? Arm, string? Digest)> AskAsync(HttpClient client, string key)
    {
        var (_, headers) = await SendAsync(client, key, HttpMethod.Post, "/v1/chat/completions", new { model = "medical", max_tokens = 1, messages = new[] { new { role = "user", content = "hello" } } });
        return (Value("x-adapter-arm"), Value("x-adapter-digest"));

        string? Value(string name) => headers.TryGetValues(name, out var values) ? values.Single() : null;
    }

    private static async Task<string?> ExplainAsync(HttpClient client, string key, object body) =>
        (await SendAsync(client, key, HttpMethod.Post, "/admin/routes/explain", body)).Json.GetProperty("arm").GetString();

    private static async Task<(JsonElement Json, HttpResponseHeaders Headers)> SendAsync(HttpClient client, string key, HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await client.SendAsync(request);
        var json = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(response.StatusCode == HttpStatusCode.OK, json.ToString());
        return (json, response.Headers);
    }

    private static async Task<string> CreateAsync(string file, string name, string role, string? tenant)
    {
        var (code, output, error) = await PatchbayProcess.RunAsync(
            "", ["key", "create", "--keys", file, "--name", name, "--role", role, .. tenant is null ? [] : new[] { "--tenant", tenant }]);
        Assert.True(code == 0, error);
        return output.Trim();
    }
}
