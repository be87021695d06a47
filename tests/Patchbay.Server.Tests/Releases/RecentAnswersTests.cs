using Patchbay.Server.Releases;

namespace Patchbay.Server.Tests.Releases;

public sealed class RecentAnswersTests
{
    [Fact]
    public void Answers_Rate_AreFoundOnceAndForgottenOldestFirst()
    {
        var answers = new RecentAnswers(limit: 2);
        var origin = new AnswerOrigin("medical", null, "canary");
        answers.Add("a", origin);
        answers.Add("b", origin);
        Assert.Equal((origin, true), answers.Rate("a"));
        Assert.Equal((origin, false), answers.Rate("a"));
        answers.Add("c", origin);
        Assert.Null(answers.Rate("a"));
        Assert.True(answers.Rate("b")!.Value.IsFirst);
        Assert.Null(answers.Rate("unknown"));
    }
}
