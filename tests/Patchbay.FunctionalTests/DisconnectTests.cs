using System.Net.Sockets;
using System.Text;

namespace Patchbay.FunctionalTests;

/// <summary>A client that leaves costs nothing a moment later.</summary>
public sealed class DisconnectTests(DemoServer server) : IClassFixture<DemoServer>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private async Task<TcpClient> SendAsync(string json)
    {
        var client = new TcpClient();
        await client.ConnectAsync(server.Process.Address.Host, server.Process.Address.Port);
        var body = Encoding.UTF8.GetBytes(json);
        var head = Encoding.ASCII.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n");
        await client.GetStream().WriteAsync(head);
        await client.GetStream().WriteAsync(body);
        return client;
    }

    private async Task WaitUntilBusyAsync()
    {
        var started = TimeProvider.System.GetTimestamp();
        while ((await server.StatisticsAsync()).GetProperty("running_sequences").GetInt32() == 0)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience, "The request never ran.");
        }
    }

    [Theory]
    [InlineData("\"stream\":true")]
    [InlineData("\"stream\":false")]
    public async Task LeavingInMidDecode_FreesEverything(string mode)
    {
        using (await SendAsync(DemoServer.Ask("medical", "Hello", mode + ",\"ignore_eos\":true,\"max_tokens\":2000")))
        {
            await WaitUntilBusyAsync();
        }
        var before = await server.StatisticsAsync();
        await server.WaitUntilIdleAsync(Patience);
        var after = await server.StatisticsAsync();
        Assert.Equal(0, after.GetProperty("used_blocks").GetInt32());
        Assert.True(after.GetProperty("generated_tokens").GetInt64() - before.GetProperty("generated_tokens").GetInt64() < 1500);
    }

    [Theory]
    [InlineData("\"stream\":true")]
    [InlineData("\"stream\":false")]
    public async Task LeavingInMidPrefill_FreesEverything(string mode)
    {
        var prompt = string.Join(' ', Enumerable.Range(0, 400).Select(i => $"w{i}"));
        var clients = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => SendAsync(DemoServer.Ask("finance", $"{i} {prompt}", mode))));
        await WaitUntilBusyAsync();
        foreach (var client in clients)
        {
            client.Dispose();
        }
        await server.WaitUntilIdleAsync(Patience);
        Assert.Equal(0, (await server.StatisticsAsync()).GetProperty("used_blocks").GetInt32());
    }

    [Fact]
    public async Task LeavingBeforeTheBodyIsWhole_LeavesNoTrace()
    {
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(server.Process.Address.Host, server.Process.Address.Port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"mod"));
        }
        await server.WaitUntilIdleAsync(Patience);
        var (question, answer) = Golden.Of("medical")[0];
        Assert.Equal(answer, (await server.AskAsync("medical", question)).Answer);
        Assert.DoesNotContain("fail:", server.Process.Output);
    }
}
