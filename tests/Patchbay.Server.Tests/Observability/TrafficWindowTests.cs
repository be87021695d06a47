using Patchbay.Engine;
using Patchbay.Server.Answers;
using Patchbay.Server.Observability;
using Patchbay.Server.Tests.Http;

namespace Patchbay.Server.Tests.Observability;

public sealed class TrafficWindowTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void SteadyTraffic_Read_GivesRatesAndPercentiles()
    {
        var window = new TrafficWindow(_time);
        for (var second = 0; second < 20; second++)
        {
            window.Record(Records.Of("medical", tokens: 10, firstMilliseconds: 100, milliseconds: 1000));
            window.Record(Records.Of("finance", tokens: 30, firstMilliseconds: 100, milliseconds: 1000));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        var traffic = window.Read();
        Assert.Equal(new TrafficRate(2, 40), traffic.Rate);
        Assert.Equal(new TrafficRate(1, 10), traffic.Adapters["medical"]);
        Assert.InRange(traffic.FirstToken.P95!.Value, 94, 106);
        // 900 ms for 9 or 29 further tokens.
        Assert.InRange(traffic.OutputToken.P95!.Value, 94, 106);
        Assert.Equal(TrafficWindow.Length, traffic.Series.Count);
    }

    [Fact]
    public void AfterTwoMinutes_Read_HasForgotten()
    {
        var window = new TrafficWindow(_time);
        window.Record(Records.Of("medical", 10, 100, 1000));
        window.Observe(running: 3, waiting: 2);
        Assert.Equal((3, 2), (window.Read().Series[^1].Running, window.Read().Series[^1].Waiting));

        _time.Advance(TimeSpan.FromSeconds(TrafficWindow.Length));
        var traffic = window.Read();
        Assert.All(traffic.Series, point => Assert.Equal((0, 0, 0), (point.Requests, point.Running, point.Waiting)));
        Assert.Null(traffic.Duration.P50);
        Assert.Empty(traffic.Adapters);
    }
}

/// <summary>Records of requests that ended.</summary>
internal static class Records
{
    public static AnswerRecord Of(string adapter, int tokens, double firstMilliseconds, double milliseconds, string? arm = null) => new()
    {
        Id = "chatcmpl-1",
        Time = DateTimeOffset.UnixEpoch,
        Operation = "chat",
        Actor = "local",
        Source = new AnswerSource(adapter, "sha256:" + new string('a', 64), "1", arm),
        Options = new AnswerOptions(),
        PromptHash = "sha256:",
        TextHash = "sha256:",
        PromptTokens = 5,
        CompletionTokens = tokens,
        TimeToFirstToken = TimeSpan.FromMilliseconds(firstMilliseconds),
        Duration = TimeSpan.FromMilliseconds(milliseconds),
        FinishReason = "stop",
        Outcome = AnswerOutcome.Done,
    };
}
