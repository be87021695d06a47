using System.Net;
using System.Text;

namespace Patchbay.FunctionalTests;

public sealed class ShutdownTests
{
    [Fact]
    public async Task Terminate_InMidStream_LetsItEndAndRefusesNewRequests()
    {
        await using var server = await PatchbayProcess.ServeAsync();
        using var client = new HttpClient { BaseAddress = server.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions");
        request.Content = new StringContent(
            DemoServer.Ask("medical", "Hello", "\"stream\":true,\"ignore_eos\":true,\"max_tokens\":1000"), Encoding.UTF8, "application/json");
        using var stream = new ChatEvents(await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead));
        await stream.ReadSomeAsync();

        server.Terminate();
        await Task.Delay(200);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health")).StatusCode);
        using var body = new StringContent(DemoServer.Ask("medical", "Hello"), Encoding.UTF8, "application/json");
        using var refused = await client.PostAsync("/v1/chat/completions", body);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.True(refused.Headers.Contains("Retry-After"));

        await stream.ReadAllAsync();
        Assert.Equal((true, "length"), (stream.IsDone, stream.Finish));
        Assert.Equal(0, await server.WaitForExitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Terminate_WhenIdle_EndsAtOnce()
    {
        await using var server = await PatchbayProcess.ServeAsync();
        server.Terminate();
        Assert.Equal(0, await server.WaitForExitAsync(TimeSpan.FromSeconds(5)));
    }
}
