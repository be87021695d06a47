using System.IO.Pipelines;
using System.Text;
using Patchbay.Server.Http;

namespace Patchbay.Server.Tests.Http;

public sealed class SseWriterTests
{
    private readonly Pipe _pipe = new();
    private readonly ManualTime _time = new();

    private SseWriter Writer() => new(_pipe.Writer, TimeSpan.FromSeconds(10), _time, CancellationToken.None);

    private async Task<string> SentAsync()
    {
        var read = await _pipe.Reader.ReadAsync();
        var text = Encoding.UTF8.GetString(read.Buffer);
        _pipe.Reader.AdvanceTo(read.Buffer.End);
        return text;
    }

    [Fact]
    public async Task Event_WriteAsync_IsSentAtOnceAsOneDataLine()
    {
        using var writer = Writer();
        await writer.WriteAsync("你好\n<\"😀\">", static (json, text) =>
        {
            json.WriteStartObject();
            json.WriteString("text", text);
            json.WriteEndObject();
        });
        Assert.Equal("data: {\"text\":\"你好\\n<\\\"😀\\\">\"}\n\n", (await SentAsync()).Replace("\\uD83D\\uDE00", "😀"));
        await writer.WriteDoneAsync();
        Assert.Equal("data: [DONE]\n\n", await SentAsync());
    }

    [Fact]
    public async Task LongSilence_KeepAliveWhileAsync_SendsACommentEachInterval()
    {
        using var writer = Writer();
        var next = new TaskCompletionSource<bool>();
        var waiting = writer.KeepAliveWhileAsync(new ValueTask<bool>(next.Task)).AsTask();
        for (var i = 0; i < 2; i++)
        {
            SpinWait.SpinUntil(() => _time.PendingTimers > 0, TimeSpan.FromSeconds(5));
            _time.Advance(TimeSpan.FromSeconds(10));
            Assert.Equal(": keep-alive\n\n", await SentAsync());
        }
        Assert.False(waiting.IsCompleted);
        next.SetResult(true);
        Assert.True(await waiting);
    }

    [Fact]
    public async Task FailureWhileWaiting_KeepAliveWhileAsync_PassesItOn()
    {
        using var writer = Writer();
        await Assert.ThrowsAsync<TimeoutException>(async () =>
            await writer.KeepAliveWhileAsync(ValueTask.FromException<bool>(new TimeoutException("the engine's own"))));
        Assert.True(await writer.KeepAliveWhileAsync(ValueTask.FromResult(true)));
    }

    [Fact]
    public async Task ClientThatLeft_WriteAsync_IsACancellation()
    {
        using var writer = Writer();
        await _pipe.Reader.CompleteAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await writer.WriteDoneAsync());
    }
}
