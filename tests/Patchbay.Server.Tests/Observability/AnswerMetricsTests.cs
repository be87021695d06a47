using Patchbay.Server.Observability;

namespace Patchbay.Server.Tests.Observability;

public sealed class AnswerMetricsTests
{
    [Fact]
    public void TwoArms_Write_CountsThemApart()
    {
        var metrics = new AnswerMetrics();
        metrics.Record(Records.Of("medical", 10, 100, 1000, "stable"));
        metrics.Record(Records.Of("medical", 10, 100, 1000, "canary"));
        metrics.Record(Records.Of("medical", 20, 100, 1000, "canary") with { Outcome = AnswerOutcome.Failed });
        var text = new PrometheusText();
        metrics.Write(text);

        var digest = "sha256:" + new string('a', 64);
        Assert.Contains($"patchbay_requests_total{{adapter=\"medical\",digest=\"{digest}\",arm=\"stable\",outcome=\"done\"}} 1\n", text.ToString(), StringComparison.Ordinal);
        Assert.Contains($"patchbay_requests_total{{adapter=\"medical\",digest=\"{digest}\",arm=\"canary\",outcome=\"failed\"}} 1\n", text.ToString(), StringComparison.Ordinal);
        Assert.Contains($"patchbay_tokens_total{{adapter=\"medical\",digest=\"{digest}\",arm=\"canary\",kind=\"completion\"}} 30\n", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void EndlessNames_Record_StayBounded()
    {
        var metrics = new AnswerMetrics();
        for (var i = 0; i < 6000; i++)
        {
            metrics.Record(Records.Of($"adapter-{i}", 1, 1, 1));
        }
        var text = new PrometheusText();
        metrics.Write(text);
        Assert.Equal(4097 * 3, text.ToString().Split("patchbay_requests_total{").Length - 1);
        Assert.Contains("adapter=\"other\"", text.ToString(), StringComparison.Ordinal);
    }
}
