using Patchbay.Control.Releases;

namespace Patchbay.Control.Tests.Releases;

public sealed class ArmFiguresTests
{
    [Fact]
    public void Answers_Summarize_CountsAndFindsPercentiles()
    {
        var figures = new ArmFigures(new VirtualTime());
        for (var i = 1; i <= 1_000; i++)
        {
            figures.RecordAnswer(new AnswerFigures(i % 100 == 0, 10, i % 100 == 0 ? "error" : "stop", i / 1_000.0, 0.02));
        }
        figures.RecordRefusal();
        figures.RecordFeedback(1);
        figures.RecordFeedback(0);
        figures.RecordJudge("j", 0.5);
        figures.RecordJudge("j", null);
        var (step, total) = figures.Summarize();
        Assert.Equal((1_000, 10, 1, 10_000), (step.Requests, step.Errors, step.Refusals, step.Tokens));
        Assert.InRange(step.TimeToFirstToken.P50!.Value, 0.485, 0.515);
        Assert.InRange(step.TimeToFirstToken.P95!.Value, 0.92, 0.98);
        Assert.Equal((990, 10), (step.StopReasons["stop"], step.StopReasons["error"]));
        Assert.Equal((2, 0.5), (step.Feedback.Count, step.Feedback.Mean));
        var judge = Assert.Single(step.Judges);
        Assert.Equal(("j", 1L, 1L, 0.5), (judge.Name, judge.Scores.Count, judge.Failures, judge.Scores.Mean!.Value));
        Assert.Equal(step.Requests, total.Requests);
    }

    [Fact]
    public void NewStep_Summarize_StartsAtNothingWhileTheTotalGoesOn()
    {
        var figures = new ArmFigures(new VirtualTime());
        figures.RecordAnswer(new AnswerFigures(false, 1, "stop", 0.1, null));
        Assert.Equal(1, figures.BeginStep().Requests);
        figures.RecordAnswer(new AnswerFigures(true, 1, "error", null, null));
        var (step, total) = figures.Summarize();
        Assert.Equal((1, 1, 2), (step.Requests, step.Errors, total.Requests));
        Assert.Null(step.TimeToFirstToken.P95);
    }

    [Fact]
    public void TenMinutes_Series_KeepsTheLast120Buckets()
    {
        var time = new VirtualTime();
        var figures = new ArmFigures(time);
        for (var i = 0; i < 200; i++)
        {
            figures.RecordAnswer(new AnswerFigures(i == 199, 1, "stop", 0.25, null));
            figures.RecordAnswer(new AnswerFigures(false, 1, "stop", 0.75, null));
            time.Advance(5);
        }
        time.Advance(-5);
        var series = figures.Series();
        Assert.Equal(120, series.Count);
        Assert.All(series, bucket => Assert.Equal((2, 0.5, null), (bucket.Requests, bucket.FirstTokenSeconds, bucket.PerTokenSeconds)));
        Assert.Equal(1, series[^1].Errors);
        Assert.Equal(5, series[1].Time - series[0].Time);
        time.Advance(100_000);
        Assert.Empty(figures.Series());
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(2)]
    public void ScoreOutOfRange_Record_ThrowsAndRecordsNothing(double score)
    {
        var figures = new ArmFigures(new VirtualTime());
        Assert.Throws<ArgumentOutOfRangeException>(() => figures.RecordFeedback(score));
        Assert.Throws<ArgumentOutOfRangeException>(() => figures.RecordJudge("j", score));
        Assert.Empty(figures.Summarize().Total.Judges);
    }

    [Fact]
    public async Task ManyThreads_Record_LoseNothing()
    {
        var figures = new ArmFigures(TimeProvider.System);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 5_000; i++)
            {
                figures.RecordAnswer(new AnswerFigures(false, 3, "stop", 0.01, 0.001));
                figures.RecordJudge("j", 1);
            }
        })));
        var (_, total) = figures.Summarize();
        Assert.Equal((40_000, 120_000, 40_000), (total.Requests, total.Tokens, total.Judges[0].Scores.Count));
        Assert.Equal(40_000, figures.Series().Sum(bucket => bucket.Requests));
    }
}
