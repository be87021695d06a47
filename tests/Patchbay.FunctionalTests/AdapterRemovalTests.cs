using System.Net;
using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>Removal has a server of its own: names that are made after it begin at a higher generation.</summary>
public sealed class AdapterRemovalTests(DemoServer server) : IClassFixture<DemoServer>
{
    private static readonly (string Question, string First, string Second) Pair = Golden.MedicalReleases[0];

    [Fact]
    public async Task Delete_TakesTheNameAwayAndLetsTheRunningAnswerEnd()
    {
        var first = await PutAsync("medical");
        var second = await PutAsync("medical-v2");
        using (var current = await server.Client.DeleteAsync($"/admin/adapters/going/versions/{second}"))
        {
            Assert.Equal(HttpStatusCode.Conflict, current.StatusCode);
            Assert.Contains("in_use", await current.Content.ReadAsStringAsync());
        }
        using var removed = await server.Client.DeleteAsync($"/admin/adapters/going/versions/{first}");
        Assert.Equal(HttpStatusCode.OK, removed.StatusCode);
        using var running = await server.StreamAsync("going", Pair.Question);
        await running.ReadSomeAsync();

        using var gone = await server.Client.DeleteAsync("/admin/adapters/going?expected_generation=2&reason=over");
        Assert.Equal(HttpStatusCode.OK, gone.StatusCode);

        Assert.Equal(Pair.Second, await running.ReadAllAsync());
        using var later = await server.PostAsync("/v1/chat/completions", DemoServer.Ask("going", "Hello"));
        Assert.Equal(HttpStatusCode.NotFound, later.StatusCode);
        using var twice = await server.Client.DeleteAsync("/admin/adapters/going");
        Assert.Equal(HttpStatusCode.NotFound, twice.StatusCode);
    }

    private async Task<string> PutAsync(string folder)
    {
        using var body = AdapterFiles.Tar(AdapterFiles.Folder(folder));
        using var response = await server.Client.PutAsync("/admin/adapters/going", body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.Created, text);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.GetProperty("digest").GetString()!;
    }
}
