using Patchbay.Server.Observability;

namespace Patchbay.Server.Tests.Observability;

public sealed class PrometheusTextTests
{
    [Fact]
    public void Labels_Sample_AreEscaped() => Assert.Equal(
        "# HELP m Something.\n# TYPE m gauge\nm{name=\"a\\\\b\\\"c\\nd<img onerror>\"} 1.5\nm 2\n",
        new PrometheusText().Family("m", "gauge", "Something.").Sample(1.5, ("name", "a\\b\"c\nd<img onerror>")).Sample(2).ToString());

    [Fact]
    public void Durations_Histogram_AreCumulative()
    {
        var histogram = new LatencyHistogram([0.1, 1]);
        histogram.Add(TimeSpan.FromSeconds(0.05));
        histogram.Add(TimeSpan.FromSeconds(0.1));
        histogram.Add(TimeSpan.FromSeconds(0.5));
        histogram.Add(TimeSpan.FromSeconds(5));

        Assert.Equal(
            "# HELP h Times.\n# TYPE h histogram\nh_bucket{a=\"b\",le=\"0.1\"} 2\nh_bucket{a=\"b\",le=\"1\"} 3\nh_bucket{a=\"b\",le=\"+Inf\"} 4\nh_sum{a=\"b\"} 5.65\nh_count{a=\"b\"} 4\n",
            new PrometheusText().Family("h", "histogram", "Times.").Histogram(histogram.Read(), ("a", "b")).ToString());
    }
}
