using System.Net;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

public sealed class SelectionTests(DemoServer server) : IClassFixture<DemoServer>
{
    private static readonly (string Question, string First, string Second) Pair = Golden.MedicalReleases[0];

    private async Task<string> DigestOfAsync(string name)
    {
        using var document = JsonDocument.Parse(await server.Client.GetStringAsync($"/v1/models/{name}"));
        return document.RootElement.GetProperty("digest").GetString()!;
    }

    [Fact]
    public async Task EveryWayToNameAnAdapter_LeadsToIt()
    {
        var digest = await DigestOfAsync("medical");
        foreach (var model in new[] { "medical", "base:medical", $"medical@{digest}", $"medical@{digest[..15]}", $"base:medical@{digest}", digest, digest[..20] })
        {
            var (answer, response) = await server.AskAsync(model, Pair.Question);
            Assert.Equal(Pair.First, answer);
            Assert.Equal("medical", Assert.Single(response.Headers.GetValues("x-adapter")));
            Assert.Equal(digest, Assert.Single(response.Headers.GetValues("x-adapter-digest")));
        }
        var byField = await server.PostJsonAsync("/v1/chat/completions", DemoServer.Ask(null, Pair.Question, "\"adapter\":\"medical\""));
        Assert.Equal("medical", byField.GetProperty("model").GetString());
    }

    [Theory]
    [InlineData("nope")]
    [InlineData("base:nope")]
    [InlineData("medical@sha256:00000000")]
    [InlineData("medical@latest")]
    [InlineData("../medical")]
    [InlineData("sha256:../../../../etc/passwd")]
    public async Task UnknownModel_Is404ThatListsWhatExists(string model)
    {
        foreach (var stream in new[] { "\"stream\":false", "\"stream\":true" })
        {
            var body = await server.PostJsonAsync("/v1/chat/completions", DemoServer.Ask(model, "Hi", stream), HttpStatusCode.NotFound);
            var error = body.GetProperty("error");
            Assert.Equal(("model_not_found", "model", "invalid_request_error"), (
                error.GetProperty("code").GetString(), error.GetProperty("param").GetString(), error.GetProperty("type").GetString()));
            Assert.Contains("medical, medical-bad, medical-v2, pirate", error.GetProperty("message").GetString());
        }
    }

    [Fact]
    public async Task Models_ListBaseAndAdaptersWithoutPaths()
    {
        var text = await server.Client.GetStringAsync("/v1/models");
        Assert.DoesNotContain(server.Adapters, text);
        Assert.DoesNotContain(Repository.Root, text);
        using var document = JsonDocument.Parse(text);
        var cards = document.RootElement.GetProperty("data").EnumerateArray().ToArray();
        Assert.Equal(Golden.Adapters.Prepend("base"), cards.Select(card => card.GetProperty("id").GetString()));
        Assert.All(cards[1..], card => Assert.Equal(
            ("base", 1L, 2048), (card.GetProperty("parent").GetString(), card.GetProperty("generation").GetInt64(), card.GetProperty("max_model_len").GetInt32())));
        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.GetAsync("/v1/models/nope")).StatusCode);
    }
}
