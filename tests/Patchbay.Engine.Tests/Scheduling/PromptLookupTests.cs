using CsCheck;
using Patchbay.Engine.Scheduling;

namespace Patchbay.Engine.Tests.Scheduling;

public sealed class PromptLookupTests
{
    [Fact]
    public void LastThreeTokensSeenBefore_GuessesWhatFollowedTheLastTime()
    {
        var lookup = new PromptLookup();
        Assert.Equal(3, lookup.Guess([1, 2, 3, 7, 7, 1, 2, 3, 4, 5, 6, 9, 1, 2, 3], 8));
        Assert.Equal([4, 5, 6], lookup.Draft[..3].ToArray());
    }

    [Fact]
    public void ShortPeriod_IsContinued()
    {
        var lookup = new PromptLookup();
        Assert.Equal(3, lookup.Guess([8, 8, 8, 8], 8));
        lookup.Report(3, 3);
        Assert.Equal(5, lookup.Guess([1, 2, 1, 2, 1, 2], 8));
        Assert.Equal([1, 2, 1, 2, 1], lookup.Draft[..5].ToArray());
    }

    [Theory]
    [InlineData(new[] { 1, 2, 3, 4 })]
    [InlineData(new[] { 1, 2 })]
    [InlineData(new int[0])]
    public void NothingRepeats_GuessesNothing(int[] tokens) => Assert.Equal(0, new PromptLookup().Guess([.. tokens], 8));

    [Fact]
    public void WrongGuesses_MakeItPause_LongerEachTime()
    {
        var lookup = new PromptLookup();
        var guesses = new List<int>();
        for (var step = 0; step < 400; step++)
        {
            if (lookup.Guess([5, 5, 5, 5], 8) is > 0 and var count)
            {
                guesses.Add(step);
                lookup.Report(count, 0);
            }
        }

        Assert.InRange(guesses.Count, 3, 8);
        Assert.True(guesses[^1] - guesses[^2] > guesses[2] - guesses[1]);
        Assert.Equal(0, lookup.Totals.Accepted);
    }

    [Fact]
    public void Guess_NeverExceedsItsLimit() => Gen.Int[0, 3].Array[0, 40].Select(Gen.Int[-1, 12]).Sample((tokens, limit) =>
    {
        var lookup = new PromptLookup();
        for (var round = 0; round < 6; round++)
        {
            var count = lookup.Guess([.. tokens], limit);
            Assert.InRange(count, 0, Math.Clamp(limit, 0, PromptLookup.MaxDraft));
            lookup.Report(count, count);
        }
    });
}
