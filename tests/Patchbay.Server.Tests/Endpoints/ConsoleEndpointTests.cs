using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Patchbay.Engine;
using Patchbay.Server.Endpoints;

namespace Patchbay.Server.Tests.Endpoints;

/// <summary>How the console is served; it needs no model.</summary>
public sealed class ConsoleEndpointTests : IAsyncLifetime
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
        Assert.SkipUnless(PatchbayServer.ConsolePath is not null, "The console is not built in: npm was missing at the build.");
        await _server.StartAsync();
        _client.Dispose();
        _client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(_server.Urls.First()) };
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    private async Task<HttpResponseMessage> GetAsync(string path, string? encodings = null, string? tag = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (encodings is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept-Encoding", encodings);
        }
        if (tag is not null)
        {
            request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(tag));
        }
        return await _client.SendAsync(request);
    }

    [Theory]
    [InlineData("/console")]
    [InlineData("/console/")]
    [InlineData("/console/index.html")]
    [InlineData("/console/adapters/medical.v2")]
    [InlineData("/console/releases/rel-12")]
    public async Task EveryPage_IsTheSameDocumentWithEveryGuard(string path)
    {
        using var response = await GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/html; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe-", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(response.Headers.GetValues("Referrer-Policy")));
        Assert.Equal("DENY", Assert.Single(response.Headers.GetValues("X-Frame-Options")));
        Assert.Equal("no-cache", response.Headers.CacheControl?.ToString());
        var page = await response.Content.ReadAsStringAsync();
        Assert.Contains("<div id=\"app\">", page, StringComparison.Ordinal);
        Assert.DoesNotContain("://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<style", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HashedFile_MayBeKeptForeverAndComesAsSmallAsTheBrowserCan()
    {
        var script = ConsoleFiles.Paths.First(path => path.StartsWith("assets/index-", StringComparison.Ordinal) && path.EndsWith(".js", StringComparison.Ordinal));

        using var whole = await GetAsync($"/console/{script}");
        using var gzip = await GetAsync($"/console/{script}", "gzip, deflate");
        using var brotli = await GetAsync($"/console/{script}", "gzip, br");
        using var refused = await GetAsync($"/console/{script}", "br;q=0");

        Assert.Equal("public, max-age=31536000, immutable", whole.Headers.CacheControl?.ToString());
        Assert.Empty(whole.Content.Headers.ContentEncoding);
        Assert.Empty(refused.Content.Headers.ContentEncoding);
        Assert.Equal(["gzip"], gzip.Content.Headers.ContentEncoding);
        Assert.Equal(["br"], brotli.Content.Headers.ContentEncoding);
        Assert.Equal("Accept-Encoding", Assert.Single(brotli.Headers.Vary));
        Assert.True(brotli.Content.Headers.ContentLength < gzip.Content.Headers.ContentLength);
        Assert.True(gzip.Content.Headers.ContentLength < whole.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task KnownTag_IsAnsweredWithoutContent()
    {
        using var first = await GetAsync("/console/");
        using var second = await GetAsync("/console/", tag: first.Headers.ETag!.ToString());
        using var other = await GetAsync("/console/", "br", first.Headers.ETag!.ToString());

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync());
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task UnknownAsset_IsNotThePage()
    {
        using var response = await GetAsync("/console/assets/index-00000000.js");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Root_SendsBrowsersToTheConsoleAndProgramsToTheIndex()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Accept.ParseAdd("text/html,application/xhtml+xml,*/*;q=0.8");

        using var browser = await _client.SendAsync(request);
        using var program = await GetAsync("/");

        Assert.Equal("/console/", browser.Headers.Location?.ToString());
        Assert.Equal("application/json", program.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public void WholeConsole_Is120KilobytesOfGzipAtMost()
    {
        var total = ConsoleFiles.Paths.Sum(path => ConsoleFiles.Find(path)!.Choose(["gzip"]).Content.Length);

        Assert.InRange(total, 10_000, 120 * 1024);
    }
}
